"""What brands' reports and answers carry about a seller: test buys of its listings, and documents about them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, exists, func, or_, select

from serving.appeals.tables import appeal, counter_notice
from serving.cases.tables import review_case
from serving.listings.tables import listing
from serving.platform.database.scope import inside, same
from serving.privacy.rules.erasure import ErasableData, ReportedDocuments
from serving.privacy.store import personal
from serving.privacy.tables import legal_hold
from serving.reports.tables import report, report_document, report_item, report_outcome, report_test_buy
from serving.takedowns.tables import action


def test_buys(connection: Connection, marketplace_id: str, seller_id: str) -> Sequence[Any]:
    """(test buy, its end, a removal of its listing or None) for each test buy of a seller's listing, oldest first.

    The report is the end of a test buy: the brand records what it found.
    """
    query = (
        select(report_test_buy.c.test_buy_id, report_test_buy.c.known_at.label("closed_at"), action.c.action_id)
        .outerjoin(report_outcome, same(report_outcome, report_test_buy, "report_id", "number"))
        .outerjoin(review_case, same(review_case, report_test_buy, "case_id"))
        .join(listing, same(listing, report_outcome, "listing_id") | same(listing, review_case, "listing_id"))
        .outerjoin(action, same(action, listing, "listing_id") & (action.c.kind == "remove"))
        .where(inside(report_test_buy, marketplace_id), listing.c.seller_external_id == seller_id)
        .distinct()
        .order_by(report_test_buy.c.known_at, report_test_buy.c.test_buy_id)
    )
    return connection.execute(query).all()


def documents(connection: Connection, marketplace_id: str, seller_id: str) -> list[ReportedDocuments]:
    """The reports with documents that name a listing of a seller, with the removals of its listings, oldest first.

    Then the answered questions about one, by their cases.
    """
    theirs = (
        select(report_outcome.c.report_id)
        .join(listing, same(listing, report_outcome, "listing_id"))
        .where(inside(report_outcome, marketplace_id), listing.c.seller_external_id == seller_id)
    )
    report_ids = list(
        connection.execute(
            select(report.c.report_id)
            .where(inside(report, marketplace_id), report.c.report_id.in_(theirs), _has_documents())
            .order_by(report.c.known_at, report.c.report_id)
        ).scalars()
    )
    reports = [_documents_of_report(connection, marketplace_id, seller_id, report_id) for report_id in report_ids]
    return reports + _documents_of_answers(connection, marketplace_id, seller_id)


def _documents_of_answers(connection: Connection, marketplace_id: str, seller_id: str) -> list[ReportedDocuments]:
    query = (
        select(review_case.c.case_id, review_case.c.listing_id)
        .join(report_document, same(report_document, review_case, "case_id"))
        .join(listing, same(listing, review_case, "listing_id"))
        .where(inside(review_case, marketplace_id), listing.c.seller_external_id == seller_id)
        .where(report_document.c.erased_at.is_(None))
        .distinct()
        .order_by(review_case.c.case_id)
    )
    return [
        ReportedDocuments(row.case_id, False, _removals_of(connection, marketplace_id, [row.listing_id]))
        for row in connection.execute(query)
    ]


def _removals_of(connection: Connection, marketplace_id: str, listing_ids: Collection[str]) -> tuple[str, ...]:
    query = select(action.c.action_id).where(
        inside(action, marketplace_id, kind="remove"), action.c.listing_id.in_(listing_ids)
    )
    return tuple(connection.execute(query).scalars())


def _has_documents() -> ColumnElement[bool]:
    return exists().where(same(report_document, report, "report_id"), report_document.c.erased_at.is_(None))


def _documents_of_report(
    connection: Connection, marketplace_id: str, seller_id: str, report_id: str
) -> ReportedDocuments:
    sellers = _listings_of_outcomes(report_outcome.c.report_id == report_id, marketplace_id)
    known = connection.execute(sellers).all()
    named = select(func.count()).where(inside(report_item, marketplace_id, report_id=report_id))
    own = [row for row in known if row.seller_external_id == seller_id]
    return ReportedDocuments(
        report_id,
        of_others=len({row.number for row in own}) < connection.execute(named).scalar_one(),
        action_ids=_removals_of(connection, marketplace_id, [row.listing_id for row in own]),
    )


def _listings_of_outcomes(of: ColumnElement[bool], marketplace_id: str) -> Select[Any]:
    return (
        select(report_outcome.c.number, listing.c.listing_id, listing.c.seller_external_id)
        .join(listing, same(listing, report_outcome, "listing_id"))
        .where(inside(report_outcome, marketplace_id), of)
        .distinct()
    )


def expired_reports(
    connection: Connection, marketplace_id: str, *, sent: datetime, open_until: datetime, most: int
) -> list[str]:
    """Reports sent before a moment that still have documents, with no complaint open or possible, and no legal hold.

    And answered questions whose documents came before it, by their cases.
    """
    query = select(report.c.report_id).where(inside(report, marketplace_id), report.c.known_at <= sent)
    free = _is_free_of_claims(
        report_outcome, report.c.report_id == report_outcome.c.report_id, marketplace_id, open_until
    )
    questions = select(report_document.c.case_id).where(
        inside(report_document, marketplace_id), report_document.c.known_at <= sent
    )
    answered = _is_free_of_claims(
        review_case, same(review_case, report_document, "case_id"), marketplace_id, open_until
    )
    kind = ErasableData.DOCUMENTS
    subjects = personal.subjects_of(connection, marketplace_id, kind, query.where(*free), most=most)
    return subjects + personal.subjects_of(
        connection, marketplace_id, kind, questions.where(*answered).distinct(), most=most
    )


def expired_test_buys(
    connection: Connection, marketplace_id: str, *, closed: datetime, open_until: datetime, most: int
) -> list[str]:
    """Test buys recorded before a moment, with no complaint open or possible about their listing, and no legal hold."""
    bought = same(report_outcome, report_test_buy, "report_id", "number")
    query = select(report_test_buy.c.test_buy_id).where(
        inside(report_test_buy, marketplace_id), report_test_buy.c.known_at <= closed
    )
    free = (
        *_is_free_of_claims(report_outcome, bought, marketplace_id, open_until),
        *_is_free_of_claims(review_case, same(review_case, report_test_buy, "case_id"), marketplace_id, open_until),
    )
    return personal.subjects_of(connection, marketplace_id, ErasableData.CUSTODY, query.where(*free), most=most)


def _is_free_of_claims(
    about: Table, of: ColumnElement[bool], marketplace_id: str, open_until: datetime
) -> Sequence[ColumnElement[bool]]:
    """Whether no listing that these outcomes or cases name has an open claim, or a seller under legal hold."""
    named = inside(about, marketplace_id) & of
    on_hold = exists().where(
        named,
        same(listing, about, "listing_id"),
        inside(legal_hold, marketplace_id),
        legal_hold.c.lifted_at.is_(None),
        legal_hold.c.seller_external_id == listing.c.seller_external_id,
    )
    claimed = exists().where(
        named,
        same(action, about, "listing_id"),
        action.c.kind == "remove",
        action.c.state != "withdrawn",
        or_(action.c.acknowledged_at.is_(None), action.c.acknowledged_at > open_until),
    )
    disputed = exists().where(named, same(counter_notice, about, "listing_id"), counter_notice.c.closed_at.is_(None))
    appealed = exists().where(named, same(appeal, about, "listing_id"), appeal.c.state == "open")
    return [~on_hold, ~claimed, ~disputed, ~appealed]
