"""What carries a brand's evidence: a report, or a question that the brand answered with "counterfeit"."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from models.case import CaseLane
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.cases.tables import review_case
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.reports.store.reports import StoredReport
from serving.reports.tables import report_item


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question that a brand answered with "counterfeit", by the case of its answer."""

    marketplace_id: str
    case_id: str
    brand_id: str
    listing_id: str
    known_at: datetime


Carrier = StoredReport | AnsweredQuestion


def key_of(carrier: Carrier) -> dict[str, str]:
    """The column by which the evidence of a carrier is found, with its value."""
    return {"case_id": carrier.case_id} if isinstance(carrier, AnsweredQuestion) else {"report_id": carrier.report_id}


def carried_by(table: Table, marketplace_id: str, case_id: str) -> ColumnElement[bool]:
    """Whether evidence is of a report that a case is about, or of the question of this case or the one it follows."""
    reported = select(report_item.c.report_id).where(inside(report_item, marketplace_id, case_id=case_id))
    followed = select(review_case.c.follows_case_id).where(inside(review_case, marketplace_id, case_id=case_id))
    of_question = or_(table.c.case_id == case_id, table.c.case_id.in_(followed))
    return inside(table, marketplace_id) & or_(table.c.report_id.in_(reported), of_question)


def latest_case(connection: Connection, question: AnsweredQuestion) -> Case:
    """The case that decides about a question now: that of the answer, or the last that evidence has opened since."""
    follows = inside(
        review_case, question.marketplace_id, follows_case_id=question.case_id, lane=CaseLane.ANALYST.value
    )
    query = select(review_case).where(follows).order_by(review_case.c.opened_at.desc(), review_case.c.case_id.desc())
    latest = reader(Case).single(connection, query.limit(1))
    return latest or cases.get(connection, question.marketplace_id, question.case_id)
