"""Cases, and changes that only the first of two people can make."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select, true, update

from features.phrase import Phrase
from models.case import BLIND_LANES, CaseEvent, CaseLane, CaseState, next_state
from models.errors import Conflict, WorkInProgress, require
from serving.cases.rules.case_brand import CaseBrand
from serving.cases.store.case_filters import IS_OPEN, with_filters
from serving.cases.tables import case_event, review_case, verdict
from serving.listings.tables import listing, listing_version
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import HERE, Pair, inside, same
from serving.platform.database.store import add, add_at_end


@dataclass(frozen=True, slots=True)
class Case:
    marketplace_id: str
    case_id: str
    listing_id: str
    version_id: str
    score_id: str
    brand_id: str | None
    mark: str | None
    mark_owner: str | None
    lane: CaseLane
    state: CaseState
    priority: float
    revision: int
    leased_by: str | None
    leased_until: datetime | None
    opened_at: datetime
    due_at: datetime
    notice_due_at: datetime | None
    decided_at: datetime | None
    follows_case_id: str | None
    question_returned: bool
    snoozed_until: datetime | None
    score_masked: bool
    masked_share: float | None
    report_id: str | None
    opened_by: str | None

    @property
    def brand(self) -> CaseBrand:
        """The brand as resolved or named."""
        return CaseBrand(self.brand_id, self.mark, self.mark_owner)

    @property
    def shown_lane(self) -> CaseLane | None:
        """The lane; None while the score, from which it follows, is masked."""
        return None if self.score_masked else self.lane


def add_cases(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New open cases with the fields that queues filter by: the listing's seller and brand, version and score."""
    add(connection, review_case, with_filters(connection, rows))


# These are built once, because every intake executes them.
_OPEN: Final = KeyedQuery(
    select(review_case).where(
        inside(review_case, HERE, state=CaseState.OPEN.value),
        review_case.c.listing_id.in_(bindparam("listings", expanding=True)),
        review_case.c.lane != CaseLane.SECOND_REVIEW.value,
    ),
    "listings",
)
_OF_ID: Final = KeyedQuery(select(review_case).where(inside(review_case, HERE, case_id=bindparam("case"))))
_WITH_CASE: Final = KeyedQuery(
    select(review_case.c.version_id).where(
        inside(review_case, HERE), review_case.c.version_id.in_(bindparam("versions", expanding=True))
    ),
    "versions",
)


def add_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append lines to timelines."""
    add_at_end(connection, case_event, rows)


def get(connection: Connection, marketplace_id: str, case_id: str) -> Case:
    """One case. Raises NotFound (there is none in this marketplace)."""
    rows = reader(Case).all(connection, _OF_ID, {"here": marketplace_id, "case": case_id})
    return require(next(iter(rows), None), "There is no such case.")


_CASE_OF_VERDICT: Final = select(verdict.c.case_id).where(inside(verdict, HERE, verdict_id=bindparam("verdict")))
_OF_VERDICT: Final = KeyedQuery(
    select(review_case).where(inside(review_case, HERE, case_id=_CASE_OF_VERDICT.scalar_subquery()))
)


def of_verdict(connection: Connection, marketplace_id: str, verdict_id: str) -> Case:
    """The case on which a verdict was given. Raises NotFound (there is no such verdict)."""
    of_verdict = reader(Case).all(connection, _OF_VERDICT, {"here": marketplace_id, "verdict": verdict_id})
    return require(next(iter(of_verdict), None), "There is no such verdict.")


def of_verdicts(connection: Connection, marketplace_id: str, verdict_ids: Collection[str]) -> dict[str, Case]:
    """The cases on which these verdicts were given, by verdict."""
    case_of_verdict = select(verdict.c.verdict_id, verdict.c.case_id).where(
        inside(verdict, marketplace_id), verdict.c.verdict_id.in_(verdict_ids)
    )
    case_ids = {row.verdict_id: row.case_id for row in connection.execute(case_of_verdict)}
    query = select(review_case).where(
        inside(review_case, marketplace_id), review_case.c.case_id.in_(set(case_ids.values()))
    )
    known = {case.case_id: case for case in reader(Case).all(connection, query)}
    return {verdict_id: known[case_id] for verdict_id, case_id in case_ids.items()}


def marketplace_of(connection: Connection, case_id: str, marketplaces: Collection[str]) -> str:
    """The marketplace of a case, among those that the person may see.

    Raises NotFound (there is no such case there, or it belongs to another marketplace; the error is the same).
    """
    query = select(review_case.c.marketplace_id).where(
        review_case.c.case_id == case_id, review_case.c.marketplace_id.in_(marketplaces)
    )
    return str(require(connection.execute(query).scalar(), "There is no such case."))


def lock(connection: Connection, marketplace_id: str, case_ids: Collection[str]) -> None:
    """Lock these cases until the transaction ends.

    For changes of several cases: the transaction takes these locks first. It waits for other holders, and they never
    wait for it.
    """
    query = select(review_case.c.case_id).where(
        review_case.c.marketplace_id == marketplace_id, review_case.c.case_id.in_(case_ids)
    )
    connection.execute(query.order_by(review_case.c.case_id).with_for_update()).all()


def open_cases(connection: Connection, marketplace_id: str, listing_ids: Collection[str]) -> dict[str, Case]:
    """The open case of each listing that has one; second reviews do not decide about a listing and are left out."""
    parameters = {"here": marketplace_id, "listings": list(listing_ids)}
    return {row.listing_id: reader(Case).of(row._asdict()) for row in _OPEN.rows(connection, parameters)}


def unresolved_cases(
    connection: Connection, marketplace_id: str, user_id: str, at: datetime, most: int
) -> list[tuple[Case, Mapping[str, Any]]]:
    """Open cases for analysts that nobody else has leased and whose brand is not resolved, with their listings."""
    leased = review_case.c
    is_free = leased.leased_until.is_(None) | (leased.leased_until <= at) | (leased.leased_by == user_id)
    of_lane = inside(review_case, marketplace_id, lane=CaseLane.ANALYST.value, brand_id=None, mark=None)
    query = (
        select(review_case, listing_version.c.content)
        .join(listing_version, same(listing_version, review_case, "version_id"))
        .where(of_lane, IS_OPEN, is_free)
        .limit(most)
    )
    return [(reader(Case).of(row), row["content"]) for row in connection.execute(query).mappings()]


def first_of_versions(connection: Connection, marketplace_id: str, version_ids: Collection[str]) -> dict[str, Case]:
    """The case by which each of these versions was first judged."""
    query = (
        select(review_case)
        .where(
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.version_id.in_(version_ids),
            review_case.c.lane.not_in([lane.value for lane in BLIND_LANES]),
        )
        .order_by(review_case.c.opened_at.desc(), review_case.c.case_id.desc())
    )
    return {case.version_id: case for case in reader(Case).all(connection, query)}


def versions_with_case(connection: Connection, marketplace_id: str, version_ids: Collection[str]) -> set[str]:
    parameters = {"here": marketplace_id, "versions": list(version_ids)}
    return {row.version_id for row in _WITH_CASE.rows(connection, parameters)}


def listing_names(connection: Connection, pair: Pair, case_ids: Collection[str]) -> dict[str, str]:
    """The marketplace's ids of the listings of these cases, by case; only of a brand's own, by (marketplace, brand)."""
    query = (
        select(review_case.c.case_id, listing.c.external_id)
        .join(listing, same(listing, review_case, "listing_id"))
        .where(inside(review_case, pair[0], brand_id=pair[1]), review_case.c.case_id.in_(case_ids))
    )
    return {row.case_id: row.external_id for row in connection.execute(query)}


def apply_event(
    connection: Connection, case: Case, event: CaseEvent, values: Mapping[str, Any], *, holder: str | None, at: datetime
) -> None:
    """Apply an event to the case as it was read, if it is unchanged and nobody else has leased it.

    Raises Conflict (another change came first; the sentence names it).
    """
    state = next_state(case.state, event)
    free = review_case.c.leased_until.is_(None) | (review_case.c.leased_until <= at)
    may_change = true() if holder is None else or_(free, review_case.c.leased_by == holder)
    changed = connection.execute(
        update(review_case)
        .where(
            inside(
                review_case, case.marketplace_id, case_id=case.case_id, state=case.state.value, revision=case.revision
            ),
            may_change,
        )
        .values(
            state=state.value,
            revision=case.revision + 1,
            leased_by=None,
            leased_until=None,
            snoozed_until=None,
            wakes_on_news=False,
            **values,
        )
    )
    if changed.rowcount != 1:
        raise _conflict_of(connection, case)


def _conflict_of(connection: Connection, case: Case) -> Conflict:
    now = get(connection, case.marketplace_id, case.case_id)
    if now.state is not case.state:
        next_sentences = {
            CaseState.DECIDED: Phrase("Somebody has decided this case in the meantime."),
            CaseState.STALE: Phrase("The listing has changed in the meantime. A new case shows the current version."),
            CaseState.OPEN: Phrase("The case was opened again in the meantime."),
        }
        return Conflict(next_sentences[now.state])
    if now.revision != case.revision:
        return Conflict("Somebody has changed this case in the meantime. Refresh the page.")
    return WorkInProgress("Somebody else is working on this case.")


def raise_priority(connection: Connection, case: Case, *, priority: float, due_at: datetime) -> None:
    """Raise the priority of an open case and bring its deadline forward; never the reverse."""
    sooner = {} if case.lane is CaseLane.ASK_BRAND or case.due_at <= due_at else {"due_at": due_at}
    higher = {} if case.priority >= priority else {"priority": priority}
    earliest = due_at if case.notice_due_at is None else min(due_at, case.notice_due_at)
    connection.execute(
        update(review_case)
        .where(inside(review_case, case.marketplace_id, case_id=case.case_id, state=CaseState.OPEN.value))
        .values(**sooner, **higher, notice_due_at=earliest)
    )


def lease(connection: Connection, case: Case, user_id: str, *, at: datetime, until: datetime) -> bool:
    """Take or renew the lease of an open case; False where somebody else holds it."""
    changed = connection.execute(
        update(review_case)
        .where(
            inside(review_case, case.marketplace_id, case_id=case.case_id, state=CaseState.OPEN.value),
            or_(
                review_case.c.leased_until.is_(None),
                review_case.c.leased_until <= at,
                review_case.c.leased_by == user_id,
            ),
        )
        .values(leased_by=user_id, leased_until=until)
    )
    return changed.rowcount == 1


def end_lease(connection: Connection, marketplace_id: str, case_id: str) -> None:
    this_case = inside(review_case, marketplace_id, case_id=case_id)
    connection.execute(update(review_case).where(this_case).values(leased_by=None, leased_until=None))


def timeline(connection: Connection, marketplace_id: str, case_id: str) -> list[dict[str, Any]]:
    """The events of a case, oldest first."""
    query = (
        select(case_event)
        .where(inside(case_event, marketplace_id, case_id=case_id))
        .order_by(case_event.c.known_at, case_event.c.event_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def due_by_lane(connection: Connection, marketplace_id: str, until: datetime) -> dict[CaseLane, tuple[int, datetime]]:
    """The number and first deadline, by lane, of a marketplace's open cases that are due up to a moment.

    Questions to brands pass on by themselves, and are left out.
    """
    lane, first = review_case.c.lane, func.min(review_case.c.due_at, type_=review_case.c.due_at.type)
    due = (IS_OPEN, review_case.c.marketplace_id == marketplace_id, review_case.c.due_at <= until)
    query = select(lane, func.count(), first).where(*due, lane != CaseLane.ASK_BRAND.value).group_by(lane)
    return {CaseLane(name): (n, due_at) for name, n, due_at in connection.execute(query)}


def overdue_cases(
    connection: Connection, lane: CaseLane, marketplaces: Collection[str], at: datetime, most: int
) -> list[Case]:
    """Open cases of a lane in these marketplaces past their deadline."""
    query = (
        select(review_case)
        .where(
            IS_OPEN,
            review_case.c.lane == lane.value,
            review_case.c.marketplace_id.in_(marketplaces),
            review_case.c.due_at <= at,
        )
        .order_by(review_case.c.due_at)
        .limit(most)
    )
    return reader(Case).all(connection, query)
