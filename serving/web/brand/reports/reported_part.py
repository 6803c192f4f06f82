"""The card of reported listings on dashboards and the operations page: what became of them, and who found listings."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from features.message import message
from models.verdict import Judgement, reason_message
from serving.brands.store import rights
from serving.platform.tongues import N_, NN_, number, say, say_many
from serving.reports.rules.good_faith import Counts, Finder, GoodFaith, ReportedEnd, Share, good_faith
from serving.reports.store.good_faith import Scope, removals_by_finder, reported_listings
from serving.web.brand.figures_part import Figure, hours_in_words
from serving.web.brand.rights_page import KINDS
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import CHOICE_OF

ENDS: Final = {
    ReportedEnd.ACCEPTED: N_("Accepted"),
    ReportedEnd.REJECTED: N_("Rejected"),
    ReportedEnd.OVERTURNED: N_("Overturned"),
    ReportedEnd.RETRACTED: N_("Retracted"),
    ReportedEnd.WITHDRAWN: N_("Withdrawn"),
    ReportedEnd.NOT_EXAMINED: N_("Not examined"),
    ReportedEnd.OPEN: N_("In progress"),
}
_FINDERS: Final = {
    Finder.US: N_("found by us"),
    Finder.BRAND: N_("reported by brands"),
    Finder.OTHERS: N_("reported by others"),
}
_EXAMINED: Final = NN_("%(some)s of %(n)s examined listing", "%(some)s of %(n)s examined listings")
_REMOVALS: Final = NN_("%(some)s of %(n)s removal that stands", "%(some)s of %(n)s removals that stand")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The reported listings of one right, or with one reason."""

    name: str
    items: int
    accepted: int
    rejected: int
    overturned: int
    retracted: int
    at_once: str
    to_removal: str


@dataclass(frozen=True, slots=True)
class ReportedPart:
    """The card of a period. `items` are the reported listings, `ends` add up to them."""

    since: str
    items: int
    figures: tuple[Figure, ...]
    ends: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, str, int], ...]
    by_right: tuple[GroupRow, ...]
    by_reason: tuple[GroupRow, ...]


def reported_part(connection: Connection, scope: Scope) -> ReportedPart:
    """The card of a brand by its rights; without a brand that of the marketplace, by kind of right."""
    figures = good_faith(reported_listings(connection, scope))
    return ReportedPart(
        since=words.day(scope.since, scope.until),
        items=figures.whole.items,
        figures=(*_reported_figures(figures.whole), *_finder_figures(removals_by_finder(connection, scope))),
        ends=tuple((say(text), figures.whole.ended[end]) for end, text in ENDS.items() if figures.whole.ended[end]),
        reasons=_ranked_reasons(figures),
        by_right=_rows_by_right(connection, scope, figures),
        by_reason=_group_rows(
            (in_words(reason_message(code)), counts) for code, counts in figures.by_reason_code.items()
        ),
    )


def _reported_figures(whole: Counts) -> tuple[Figure, ...]:
    taken = whole.to_removal
    within = ""
    if taken.p95 is not None:
        within = say_many(
            "95 %% within %(time)s; %(n)s removal",
            "95 %% within %(time)s; %(n)s removals",
            taken.n,
            time=hours_in_words(taken.p95),
        )
    return (
        Figure(
            _percent_or_none(whole.at_once),
            say("removed without further correspondence"),
            say_many(*_EXAMINED, whole.at_once.of, some=number(whole.at_once.number)),
        ),
        Figure(
            hours_in_words(taken.median), say("median time from report to removal"), within or say("no removal yet")
        ),
    )


def _finder_figures(counts: Counter[Finder]) -> tuple[Figure, ...]:
    total = counts.total()
    return tuple(
        Figure(
            _percent_or_none(Share(counts[finder], total)),
            say(text),
            say_many(*_REMOVALS, total, some=number(counts[finder])),
        )
        for finder, text in _FINDERS.items()
    )


def _percent_or_none(share: Share) -> str:
    return words.percent(share.number / share.of) if share.of else say("none yet")


def _ranked_reasons(figures: GoodFaith) -> tuple[tuple[str, str, int], ...]:
    order = tuple(ENDS)
    ranked = sorted(figures.reasons.items(), key=lambda pair: (order.index(pair[0][0]), -pair[1], pair[0][1]))
    return tuple((say(ENDS[end]), _reason_in_words(reason), n) for (end, reason), n in ranked)


def _reason_in_words(reason: str) -> str:
    is_judgement = reason in Judgement.__members__.values()
    return say(CHOICE_OF[Judgement(reason)].word) if is_judgement else in_words(message(f"report.ended.{reason}"))


def _rows_by_right(connection: Connection, scope: Scope, figures: GoodFaith) -> tuple[GroupRow, ...]:
    if scope.brand_id is None:
        return _group_rows((say(KINDS[kind]), counts) for kind, counts in figures.by_kind.items())
    known = {
        right.right.right_id: in_words(right.right.named)
        for right in rights.rights_of(connection, (scope.marketplace_id, scope.brand_id))
    }
    return _group_rows((known[right_id], counts) for right_id, counts in figures.by_right.items())


def _group_rows(groups: Iterable[tuple[str, Counts]]) -> tuple[GroupRow, ...]:
    """The groups, the largest first."""
    return tuple(
        GroupRow(
            name=name,
            items=counts.items,
            accepted=counts.ended[ReportedEnd.ACCEPTED],
            rejected=counts.ended[ReportedEnd.REJECTED],
            overturned=counts.ended[ReportedEnd.OVERTURNED],
            retracted=counts.ended[ReportedEnd.RETRACTED],
            at_once=say("%(some)s of %(all)s", some=number(counts.at_once.number), all=number(counts.at_once.of)),
            to_removal=hours_in_words(counts.to_removal.median),
        )
        for name, counts in sorted(groups, key=lambda group: (-group[1].items, group[0]))
    )
