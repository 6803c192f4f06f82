"""What pages show beside each other and no repository keeps together; nothing here writes."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.selectable import Select

from features.facts import Facts, facts_from_json
from models.case import CaseLane, CaseState
from models.verdict import Judgement, Side
from serving.accounts.tables import setup_token
from serving.brands.tables import brand
from serving.cases.store.cases import Case
from serving.cases.tables import case_offer, review_case, verdict
from serving.listings.tables import facts, listing, listing_version, score
from serving.platform.database.scope import inside, same
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.tables import action, removal_check
from serving.views.queues import QueueFilter, in_queue, open_to
from serving.webhooks.rules.action import ActionKind, ActionState

Pair = tuple[str, str]
Key = TypeVar("Key")
_COSTLIEST_FIRST: Final = (review_case.c.priority.desc(), review_case.c.case_id)


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer as it stands now: its title, and its open case or else the one that was judged last."""

    title: str | None
    case_id: str | None


def offered(connection: Connection, marketplace_id: str, external_ids: Collection[str]) -> dict[str, Offered]:
    """The offers of a marketplace with these ids, by id."""
    still_open = (
        select(review_case.c.case_id)
        .where(same(review_case, listing, "listing_id"), review_case.c.state == CaseState.OPEN.value)
        .scalar_subquery()
    )
    last_judged = (
        select(verdict.c.case_id)
        .where(same(verdict, listing, "listing_id"))
        .order_by(verdict.c.known_at.desc(), verdict.c.verdict_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            listing.c.external_id, listing_version.c.content, func.coalesce(still_open, last_judged).label("case_id")
        )
        .join(listing_version, same(listing, listing_version, "version_id"))
        .where(listing.c.marketplace_id == marketplace_id, listing.c.external_id.in_(external_ids))
    )
    return {row.external_id: Offered(row.content.get("title"), row.case_id) for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Given:
    """A person's verdict that nothing has followed yet, with its offer and what it set off."""

    case_id: str
    judgement: Judgement
    known_at: datetime
    external_id: str
    content: Mapping[str, Any]
    seller_external_id: str | None
    brand_name: str | None
    case_lane: CaseLane
    case_state: CaseState
    action_kind: ActionKind | None
    leaves_at: datetime | None
    score_was_hidden: bool
    score_value: float
    probability: float | None


def given_since(connection: Connection, user_id: str, side: Side, since: datetime) -> list[Given]:
    """A person's verdicts since a moment that still stand and that nobody has gone on from, newest first."""
    later = verdict.alias("later")
    followed = select(later.c.verdict_id).where(
        same(later, verdict, "case_id"),
        tuple_(later.c.known_at, later.c.verdict_id) > tuple_(verdict.c.known_at, verdict.c.verdict_id),
    )
    query = (
        select(
            verdict,
            listing.c.external_id,
            listing_version.c.content,
            listing_version.c.seller_external_id,
            brand.c.name.label("brand_name"),
            review_case.c.lane.label("case_lane"),
            review_case.c.state.label("case_state"),
            action.c.kind,
            action.c.leaves_at,
            review_case.c.score_hidden,
            score.c.value,
            score.c.probability,
        )
        .join(review_case, same(verdict, review_case, "case_id"))
        .join(score, same(review_case, score, "score_id"))
        .join(listing, same(verdict, listing, "listing_id"))
        .join(listing_version, same(verdict, listing_version, "version_id"))
        .outerjoin(action, same(verdict, action, "verdict_id"))
        .outerjoin(brand, brand.c.brand_id == review_case.c.brand_id)
        .where(
            verdict.c.user_id == user_id,
            verdict.c.side == side.value,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            verdict.c.known_at > since,
            review_case.c.state != CaseState.STALE.value,
            ~followed.exists(),
        )
        .order_by(verdict.c.known_at.desc(), verdict.c.verdict_id.desc())
    )
    return [_given(row) for row in connection.execute(query).mappings()]


def _given(row: RowMapping) -> Given:
    return Given(
        row["case_id"],
        Judgement(row["judgement"]),
        row["known_at"],
        row["external_id"],
        row["content"],
        row["seller_external_id"],
        row["brand_name"],
        CaseLane(row["case_lane"]),
        CaseState(row["case_state"]),
        ActionKind(row["kind"]) if row["kind"] else None,
        row["leaves_at"],
        row["score_hidden"],
        row["value"],
        row["probability"],
    )


def facts_of_cases(connection: Connection, marketplace_id: str, case_ids: Collection[str]) -> dict[str, Facts]:
    """The facts of the scores of these cases of a marketplace, by case."""
    query = (
        select(review_case.c.case_id, facts.c.body)
        .join(score, same(score, review_case, "score_id"))
        .join(facts, (facts.c.marketplace_id == score.c.marketplace_id) & (facts.c.digest == score.c.facts_digest))
        .where(review_case.c.marketplace_id == marketplace_id, review_case.c.case_id.in_(case_ids))
    )
    return {row.case_id: facts_from_json(row.body) for row in connection.execute(query)}


def facts_of_many(connection: Connection, keys: Collection[Pair]) -> dict[Pair, Facts]:
    """The facts of many scores by (marketplace, digest)."""
    places, digests = ({key[i] for key in keys} for i in (0, 1))
    query = select(facts).where(facts.c.marketplace_id.in_(places), facts.c.digest.in_(digests))
    return {(row.marketplace_id, row.digest): facts_from_json(row.body) for row in connection.execute(query)}


COUNTED_TO: Final = 10_000
# A place in a queue is read on every case; further down nobody counts in places, and PostgreSQL would count for long.
PLACED_TO: Final = 1_000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A case's place in a queue, counted from 1, and the cases beside it; None at the ends and outside the queue.

    Both counts end at `PLACED_TO`: a place beyond is None, and `size` is one more.
    """

    place: int | None
    size: int
    before: str | None
    after: str | None


def neighbours(connection: Connection, wanted: QueueFilter, case: Case) -> Neighbours:
    """Where a case stands in a queue."""
    ids, inside = _ids(wanted), case.state is CaseState.OPEN and _contains(connection, wanted, case)
    before = ids.where(*_ahead_of(case)).order_by(review_case.c.priority, review_case.c.case_id.desc())
    after = ids.where(*_behind(case)).order_by(*_COSTLIEST_FIRST)
    ahead = _capped(connection, ids.where(*_ahead_of(case)), PLACED_TO) if inside else 0
    return Neighbours(
        ahead + 1 if inside and ahead < PLACED_TO else None,
        queue_size(connection, wanted, most=PLACED_TO),
        connection.execute(before.limit(1)).scalar() if inside else None,
        connection.execute(after.limit(1)).scalar(),
    )


def queue_size(connection: Connection, wanted: QueueFilter, *, most: int = COUNTED_TO) -> int:
    """How many cases stand in a queue, counted to `most` and one more."""
    return _capped(connection, _ids(wanted), most)


def lane_sizes(
    connection: Connection, marketplaces: Collection[str], lanes: Collection[CaseLane], person: str
) -> dict[CaseLane, int]:
    """How many cases stand in each lane for a person, each counted to `COUNTED_TO` and one more."""
    here = review_case.c.marketplace_id.in_(sorted(marketplaces)), review_case.c.state == CaseState.OPEN.value
    counts = []
    for lane in lanes:
        mine = [open_to(person)] if lane is CaseLane.SECOND_LOOK else []
        some = select(review_case.c.lane).where(*here, review_case.c.lane == lane.value, *mine).limit(COUNTED_TO + 1)
        counts.append(select(literal(lane.value).label("lane"), func.count().label("n")).select_from(some.subquery()))
    return {CaseLane(row.lane): row.n for row in connection.execute(union_all(*counts))}


def _capped(connection: Connection, ids: Select[str], most: int = COUNTED_TO) -> int:
    return connection.execute(select(func.count()).select_from(ids.limit(most + 1).subquery())).scalar_one()


def _contains(connection: Connection, wanted: QueueFilter, case: Case) -> bool:
    itself = review_case.c.marketplace_id == case.marketplace_id, review_case.c.case_id == case.case_id
    return connection.execute(_ids(wanted).where(*itself)).first() is not None


def next_free(
    connection: Connection,
    wanted: QueueFilter,
    case: Case,
    *,
    user_id: str,
    at: datetime,
    besides: Collection[str] = (),
) -> str | None:
    """The case to go on with: the next below this one that nobody else holds, else the first that nobody holds.

    What is offered to this person goes before all others, and what is offered to somebody else comes last. `besides`
    are cases that are not led to, because their answers are on their way.
    """
    free = or_(
        review_case.c.leased_until.is_(None), review_case.c.leased_until <= at, review_case.c.leased_by == user_id
    )
    ids = _ids(wanted).where(free, open_to(user_id), review_case.c.case_id.not_in([case.case_id, *besides]))
    offered = same(case_offer, review_case, "case_id")
    here = sorted(wanted.marketplaces)
    to_me = select(case_offer.c.case_id).where(
        case_offer.c.marketplace_id.in_(here), case_offer.c.until > at, case_offer.c.user_id == user_id
    )
    mine = connection.execute(to_me).scalars().all()
    to_anybody = exists().where(offered, case_offer.c.until > at)
    # Each is a short walk from where it begins; all in one order would sort the whole queue.
    for some in (
        *([ids.where(review_case.c.marketplace_id.in_(here), review_case.c.case_id.in_(mine))] if mine else []),
        ids.where(~to_anybody),
        ids.where(to_anybody),
    ):
        for place in (_behind(case), ()):
            found = connection.execute(some.where(*place).order_by(*_COSTLIEST_FIRST).limit(1)).scalar()
            if found is not None:
                return found
    return None


def _ids(wanted: QueueFilter) -> Select[str]:
    return select(review_case.c.case_id).where(*in_queue(wanted))


def _ahead_of(case: Case) -> tuple[ColumnElement[bool], ...]:
    higher, same = review_case.c.priority > case.priority, review_case.c.case_id < case.case_id
    return review_case.c.priority >= case.priority, or_(higher, same)


def _behind(case: Case) -> tuple[ColumnElement[bool], ...]:
    lower, same = review_case.c.priority < case.priority, review_case.c.case_id > case.case_id
    return review_case.c.priority <= case.priority, or_(lower, same)


def follower(connection: Connection, marketplace_id: str, case_id: str) -> str | None:
    """The case that took a case's place when its offer was changed or its removal appealed against."""
    query = (
        select(review_case.c.case_id)
        .where(inside(review_case, marketplace_id, follows_case_id=case_id))
        .order_by(review_case.c.opened_at.desc(), review_case.c.case_id.desc())
    )
    return connection.execute(query.limit(1)).scalar()


@dataclass(frozen=True, slots=True)
class Questions:
    """Open questions of a brand in a marketplace."""

    number: int
    oldest_due_at: datetime


def open_questions(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, Questions]:
    """How many questions wait for each brand that has any."""
    key = (review_case.c.marketplace_id, review_case.c.brand_id)
    query = (
        select(*key, func.count().label("n"), func.min(review_case.c.due_at).label("oldest"))
        .where(
            review_case.c.state == CaseState.OPEN.value,
            review_case.c.lane == CaseLane.ASK_BRAND.value,
            _one_of(pairs, *key),
        )
        .group_by(*key)
    )
    return {(row.marketplace_id, row.brand_id): Questions(row.n, row.oldest) for row in connection.execute(query)}


def _one_of(pairs: Collection[Pair], place: Any, brand_id: Any) -> ColumnElement[bool]:
    """A brand in a marketplace among these; no pairs match nothing, so that nobody sees everything by having none."""
    return or_(false(), *(and_(place == here, brand_id == wanted) for here, wanted in sorted(pairs)))


def standing_answers(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, dict[Judgement, int]]:
    """What each brand's people have answered and not taken back."""
    later = verdict.alias("later")
    withdrawn = select(later.c.verdict_id).where(
        later.c.marketplace_id == verdict.c.marketplace_id, later.c.supersedes_id == verdict.c.verdict_id
    )
    key = (verdict.c.marketplace_id, verdict.c.brand_id)
    query = (
        select(*key, verdict.c.judgement, func.count().label("n"))
        .where(
            verdict.c.side == Side.BRAND.value,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            _one_of(pairs, *key),
            ~withdrawn.exists(),
        )
        .group_by(*key, verdict.c.judgement)
    )
    return _by_pair(connection, query, Judgement)


@dataclass(frozen=True, slots=True)
class BrandAction:
    """An action on an offer that bears a brand, as the brand may see it."""

    external_id: str
    content: Mapping[str, Any]
    kind: ActionKind
    state: ActionState
    leaves_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    check: CheckState | None
    seconds_to_removal: float | None


def brand_actions(connection: Connection, pairs: Collection[Pair], most: int) -> list[BrandAction]:
    """The latest removals and reinstatements of offers that bear these brands, newest first."""
    query = (
        select(
            action,
            listing.c.external_id,
            listing_version.c.content,
            removal_check.c.state.label("check"),
            removal_check.c.seconds_to_removal,
        )
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(review_case, same(verdict, review_case, "case_id"))
        .join(listing, same(action, listing, "listing_id"))
        .outerjoin(removal_check, same(action, removal_check, "action_id"))
        .join(listing_version, same(verdict, listing_version, "version_id"))
        .where(_one_of(pairs, review_case.c.marketplace_id, review_case.c.brand_id))
        .order_by(action.c.created_at.desc(), action.c.action_id.desc())
        .limit(most)
    )
    return [
        BrandAction(
            row["external_id"],
            row["content"],
            ActionKind(row["kind"]),
            ActionState(row["state"]),
            row["leaves_at"],
            row["sent_at"],
            row["acknowledged_at"],
            CheckState(row["check"]) if row["check"] is not None else None,
            row["seconds_to_removal"],
        )
        for row in connection.execute(query).mappings()
    ]


def removal_counts(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, dict[ActionState, int]]:
    """How the removals of offers that bear each of these brands stand."""
    key = (review_case.c.marketplace_id, review_case.c.brand_id)
    query = (
        select(*key, action.c.state, func.count().label("n"))
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(review_case, same(verdict, review_case, "case_id"))
        .where(action.c.kind == ActionKind.REMOVE.value, _one_of(pairs, *key))
        .group_by(*key, action.c.state)
    )
    return _by_pair(connection, query, ActionState)


def _by_pair(connection: Connection, query: Select[Any], kind: Callable[[str], Key]) -> dict[Pair, dict[Key, int]]:
    """Rows of marketplace, brand, state and count."""
    found: dict[Pair, dict[Key, int]] = {}
    for place, brand_id, state, number in connection.execute(query):
        found.setdefault((place, brand_id), {})[kind(state)] = number
    return found


def is_setup_open(connection: Connection, token_hash: str) -> bool:
    """Whether a set-up link has not been used."""
    query = select(setup_token).where(setup_token.c.token_hash == token_hash, setup_token.c.used_at.is_(None))
    return connection.execute(query).first() is not None
