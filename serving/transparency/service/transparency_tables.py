"""The records and reports of Articles 16, 20, 23 and 24 of Regulation (EU) 2022/2065, as tables, with their counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from models.policies.learning import DEFAULT_LABELS
from models.prevalence import Estimate, SelectedListing, prevalence
from models.routing import Lane
from serving.audit.store import audit
from serving.brands.store import brands
from serving.learning.service.labelling import mature_labels
from serving.learning.store import monitoring
from serving.notices.rules.notice_counts import NoticeCounts, NotifiedOutcome, counts_by_reason, state_as_of
from serving.notices.store import notice_records
from serving.platform.clock import Window
from serving.platform.tabular import Columns, Kind
from serving.reports.store.good_faith import Scope, reported_listings
from serving.sellers.store import sanctions
from serving.standing.rules.standing import IN_GOOD_STANDING
from serving.standing.store import standings
from serving.takedowns.rules.public_statement import Restriction, category_of
from serving.transparency.rules.misuse import (
    Complaint,
    ComplaintOutcome,
    Decider,
    Misuse,
    MisuseEntry,
    SubjectKind,
    as_notice,
    complaint_as_of,
    misuse_entry,
)
from serving.transparency.rules.transparency_figures import (
    ARTICLE_24,
    Accuracy,
    BandOfScores,
    Figure,
    Measures,
    Share,
    accuracy_figures,
    period_figures,
)
from serving.transparency.store import complaints, misuses, restrictions
from training.evaluate.bands import ScoredListing, precision_by_band


def notified_in(connection: Connection, marketplace_id: str, since: datetime, until: datetime) -> list[NotifiedOutcome]:
    """The listings notified in [since, until), each as it stood at its end."""
    listings = notice_records.notified_between(connection, marketplace_id, since=since, until=until)
    reported = reported_listings(connection, Scope(marketplace_id, None, since, until))
    listings += [listing for listing in map(as_notice, reported) if listing is not None]
    return [state_as_of(listing, until) for listing in listings]


_AT_ONCE: Final = 1_000
_ALL_CHANGES: Final = 10_000


class TableName(StrEnum):
    ARTICLE_16 = "article-16"
    ARTICLE_20 = "article-20"
    ARTICLE_23 = "article-23"
    ARTICLE_24 = "article-24"
    AGGREGATES = "aggregates"


@dataclass(frozen=True, slots=True)
class Span:
    """A marketplace and a period, whose end is not included."""

    marketplace_id: str
    since: datetime
    until: datetime


Rows = list[tuple[Any, ...]]
_NOTICE_COLUMNS: Final = {
    "reason_code": Kind.TEXT, "category": Kind.TEXT, "offers_notified": Kind.COUNT, "by_trusted_flaggers": Kind.COUNT,
    "removed": Kind.COUNT, "no_action": Kind.COUNT, "invalid": Kind.COUNT, "waiting": Kind.COUNT,
    "by_automated_means_alone": Kind.COUNT, "complaints": Kind.COUNT, "complaints_upheld": Kind.COUNT,
    "removed_share": Kind.NUMBER, "median_hours": Kind.NUMBER,
}  # fmt: skip
_COMPLAINT_COLUMNS: Final = {
    "about": Kind.TEXT, "route": Kind.TEXT, "category": Kind.TEXT, "filed_at": Kind.MOMENT, "outcome": Kind.TEXT,
    "ended_at": Kind.MOMENT, "ended_by": Kind.TEXT, "automated": Kind.TEXT, "hours": Kind.NUMBER,
}  # fmt: skip
_MISUSE_COLUMNS: Final = {
    "subject_kind": Kind.TEXT, "subject": Kind.TEXT, "items": Kind.COUNT, "misuses": Kind.COUNT,
    "share": Kind.NUMBER, "nature": Kind.TEXT, "consequences": Kind.TEXT, "warned_at": Kind.MOMENT,
    "after_warning": Kind.COUNT,
}  # fmt: skip
_FIGURE_COLUMNS: Final = {
    "part": Kind.TEXT,
    "indicator": Kind.TEXT,
    "category": Kind.TEXT,
    "value": Kind.NUMBER,
    "note": Kind.TEXT,
}


def table(connection: Connection, name: TableName, span: Span) -> tuple[Columns, Rows]:
    """The columns and rows of a table, for a period."""
    return _TABLES[name](connection, span)


def _article_16_table(connection: Connection, span: Span) -> tuple[Columns, Rows]:
    return _NOTICE_COLUMNS, [_notice_row(counts) for counts in counts_by_reason(_notified_outcomes(connection, span))]


def _notice_row(counts: NoticeCounts) -> tuple[Any, ...]:
    code = counts.reason_code
    return (
        *((None, None) if code is None else (code.value, category_of(code))),
        counts.notified,
        counts.by_trusted_flaggers,
        counts.removed,
        counts.no_action,
        counts.invalid,
        counts.waiting,
        counts.by_a_rule,
        counts.complaints,
        counts.complaints_upheld,
        counts.removed_share,
        counts.median_hours,
    )


def _notified_outcomes(connection: Connection, span: Span) -> list[NotifiedOutcome]:
    return notified_in(connection, span.marketplace_id, span.since, span.until)


def _article_20_table(connection: Connection, span: Span) -> tuple[Columns, Rows]:
    return _COMPLAINT_COLUMNS, [_complaint_row(complaint) for complaint in _complaints_of_span(connection, span)]


def _complaint_row(complaint: Complaint) -> tuple[Any, ...]:
    automated = None if complaint.ended_by is None else "Yes" if complaint.ended_by is Decider.DEADLINE else "No"
    return (
        complaint.about,
        complaint.route.value,
        category_of(complaint.reason_code),
        complaint.filed_at,
        complaint.outcome.value,
        complaint.ended_at,
        complaint.ended_by.value if complaint.ended_by else None,
        automated,
        complaint.hours,
    )


def _article_23_table(connection: Connection, span: Span) -> tuple[Columns, Rows]:
    entries = [
        *_seller_entries(connection, span),
        *_brand_entries(connection, span),
        *_reporter_entries(connection, span),
        *_complainant_entries(connection, span),
    ]
    records = sorted(
        (record for record in entries if record is not None),
        key=lambda record: (record.kind, -record.misuses, record.subject),
    )
    return _MISUSE_COLUMNS, [_misuse_row(record) for record in records]


def _misuse_row(record: MisuseEntry) -> tuple[Any, ...]:
    return (
        record.kind.value,
        record.subject,
        record.items,
        record.misuses,
        record.share,
        _counts_in_words(record.nature),
        _counts_in_words(record.consequences) if record.consequences else None,
        record.warned_at,
        record.after_warning,
    )


def _counts_in_words(counted: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counted.items()))


def _seller_entries(connection: Connection, span: Span) -> Iterable[MisuseEntry | None]:
    within = {"since": span.since, "until": span.until}
    removed = misuses.removed_by_seller(connection, span.marketplace_id, **within)
    offered = misuses.listings_by_seller(connection, span.marketplace_id, **within)
    told_at = misuses.first_told_at(connection, span.marketplace_id, until=span.until)
    for seller, listings in removed.items():
        wrong = [Misuse(listing.first_known_at, listing.reason_code.value) for listing in listings]
        yield misuse_entry(
            SubjectKind.SELLER, seller, items=offered[seller], misuses=wrong, warned_at=told_at.get(seller)
        )


def _brand_entries(connection: Connection, span: Span) -> Iterable[MisuseEntry | None]:
    marketplace_id = span.marketplace_id
    for brand_id, enrolled in brands.enrolments(connection, marketplace_id).items():
        reversed_removals = standings.reversals(connection, marketplace_id, brand_id, span.since, span.until)
        wrong = [
            Misuse(reversal.confirmed_at, reversal.reason_code.value, "removed and given back")
            for reversal in reversed_removals
            if reversal.silent_cluster is None
        ]
        stood = standings.count_stood(connection, marketplace_id, brand_id, span.since, span.until)
        changes = standings.standing_changes(connection, marketplace_id, brand_id, most=_ALL_CHANGES)
        warnings = [change.known_at for change in changes if change.warned or change.level not in IN_GOOD_STANDING]
        before = [at for at in warnings if at < span.until]
        yield misuse_entry(
            SubjectKind.NOTIFIER,
            enrolled.name,
            items=stood + len(reversed_removals),
            misuses=wrong,
            warned_at=min(before) if before else None,
        )


def _reporter_entries(connection: Connection, span: Span) -> Iterable[MisuseEntry | None]:
    """The misuse entries of outside notifiers, by id, because their names may be erased before the log."""
    decided = notice_records.record_of_reporters(connection, span.marketplace_id, since=span.since, until=span.until)
    for (reporter_id, warned_at), ended in decided.items():
        wrong = [Misuse(notice.notified_at, reason.value) for notice, reason in ended if not notice.founded]
        yield misuse_entry(SubjectKind.NOTIFIER, reporter_id, items=len(ended), misuses=wrong, warned_at=warned_at)


def _complainant_entries(connection: Connection, span: Span) -> Iterable[MisuseEntry | None]:
    by_seller: dict[str, list[Complaint]] = {}
    filed = complaints.complaints_filed(connection, span.marketplace_id, since=span.since, until=span.until)
    for filing in filed:
        complaint = complaint_as_of(filing.complaint, span.until)
        if filing.seller_external_id is not None and complaint.outcome in {
            ComplaintOutcome.CONFIRMED,
            ComplaintOutcome.REVERSED,
        }:
            by_seller.setdefault(filing.seller_external_id, []).append(complaint)
    for seller, decided in by_seller.items():
        wrong = [
            Misuse(complaint.filed_at, complaint.reason_code.value)
            for complaint in decided
            if complaint.outcome is ComplaintOutcome.CONFIRMED
        ]
        yield misuse_entry(SubjectKind.COMPLAINANT, seller, items=len(decided), misuses=wrong, warned_at=None)


def _article_24_table(connection: Connection, span: Span) -> tuple[Columns, Rows]:
    columns, rows = _FIGURE_COLUMNS, _figures_of_span(connection, span)
    return columns, [_figure_row(figure) for figure in rows if figure.part in ARTICLE_24]


def _aggregate_table(connection: Connection, span: Span) -> tuple[Columns, Rows]:
    return _FIGURE_COLUMNS, [_figure_row(figure) for figure in _figures_of_span(connection, span)]


def _figures_of_span(connection: Connection, span: Span) -> Sequence[Figure]:
    removals: list[Restriction] = []
    after: restrictions.Cursor | None = None
    while True:
        page, after = restrictions.restrictions_carried_out(
            connection, span.marketplace_id, since=span.since, until=span.until, after=after, most=_AT_ONCE
        )
        removals += page
        if after is None:
            mutes = audit.count_of(
                connection, span.marketplace_id, "reporter.muted", since=span.since, until=span.until
            )
            restricted, closed = sanctions.decided_counts(
                connection, span.marketplace_id, since=span.since, until=span.until
            )
            measures = Measures(mutes, restricted, closed)
            counted = period_figures(
                removals, _complaints_of_span(connection, span), _notified_outcomes(connection, span), measures
            )
            return [
                *counted,
                *accuracy_figures(accuracy_in_period(connection, span.marketplace_id, span.since, span.until)),
            ]


def _figure_row(figure: Figure) -> tuple[Any, ...]:
    return figure.part.value, figure.indicator, figure.category, figure.value, figure.note


def _complaints_of_span(connection: Connection, span: Span) -> list[Complaint]:
    filed = complaints.complaints_filed(connection, span.marketplace_id, since=span.since, until=span.until)
    return [complaint_as_of(filing.complaint, span.until) for filing in filed]


_TABLES: Final[dict[TableName, Callable[[Connection, Span], tuple[Columns, Rows]]]] = {
    TableName.ARTICLE_16: _article_16_table,
    TableName.ARTICLE_20: _article_20_table,
    TableName.ARTICLE_23: _article_23_table,
    TableName.ARTICLE_24: _article_24_table,
    TableName.AGGREGATES: _aggregate_table,
}


_A_MOMENT = timedelta(microseconds=1)
# A listing counts where its lane says, whatever the thresholds are today. One with too little evidence is no decision.
FLAGGED: Final = frozenset({Lane.ASK_BRAND, Lane.ANALYST})
PASSED: Final = frozenset({Lane.NO_ACTION, Lane.AUDIT})


@dataclass(frozen=True, slots=True)
class RoutedListing:
    """A scored listing, and the lane to which its first score sent it."""

    lane: Lane
    scored: ScoredListing


def accuracy_in_period(connection: Connection, marketplace_id: str, since: datetime, until: datetime) -> Accuracy:
    """The model's accuracy for listings first scored in [since, until), by the labels known at the end.

    Listings scored only by the scorecard have no probability and are excluded.
    """
    window = Window(since - _A_MOMENT, until - _A_MOMENT)
    labels = mature_labels(connection, marketplace_id, DEFAULT_LABELS, until)
    rows = [
        RoutedListing(
            row.lane,
            ScoredListing(row.probability, row.inclusion_probability, labels.get(row.version_id), row.reviewed),
        )
        for row in monitoring.first_scores(connection, marketplace_id, window)
        if row.probability is not None
    ]
    return accuracy_of(rows)


def accuracy_of(rows: Sequence[RoutedListing]) -> Accuracy:
    """The model's accuracy for these listings: in the lanes that it flags for people, and in those that it passes."""
    bands = precision_by_band([row.scored for row in rows])
    return Accuracy(
        _counterfeit_share([row.scored for row in rows if row.lane in FLAGGED]),
        _counterfeit_share([row.scored for row in rows if row.lane in PASSED]),
        tuple(BandOfScores(band.low, band.high, band.listings, _as_share(band.observed)) for band in bands),
    )


def _counterfeit_share(rows: Sequence[ScoredListing]) -> Share:
    due = [SelectedListing(listing.inclusion_probability, listing.counterfeit) for listing in rows if listing.reviewed]
    return _as_share(prevalence(due, listings=len(rows)))


def _as_share(estimate: Estimate) -> Share:
    return Share(estimate.share, estimate.low, estimate.high, estimate.reviewed)
