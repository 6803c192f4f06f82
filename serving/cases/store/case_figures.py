"""Read-only joins of data from several subjects, for pages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, RowMapping, case, exists, func, or_, select, true, tuple_

from features.facts import Facts, facts_from_json
from models.case import CaseLane, CaseState
from models.verdict import Judgement, Side
from serving.brands.tables import brand
from serving.cases.store.verdicts import STANDS
from serving.cases.tables import review_case, verdict
from serving.listings.tables import facts, listing, listing_version, score
from serving.platform.database.fast.door import plans_kept
from serving.platform.database.scope import Pair, in_pairs, same
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.tables import action, removal_check
from serving.webhooks.rules.action import ActionKind, ActionState

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ListingWithCase:
    """The current title of a listing, and its open case or else the case of its last verdict."""

    title: str | None
    case_id: str | None


def listings_with_case(
    connection: Connection, marketplace_id: str, external_ids: Collection[str]
) -> dict[str, ListingWithCase]:
    """The listings of a marketplace with these external ids, by id."""
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
    return {
        row.external_id: ListingWithCase(row.content.get("title"), row.case_id) for row in connection.execute(query)
    }


_LATER: Final = verdict.alias("later")
# Whether there is a later verdict on the same case.
_FOLLOWED: Final = (
    select(_LATER.c.verdict_id)
    .where(
        same(_LATER, verdict, "case_id"),
        tuple_(_LATER.c.known_at, _LATER.c.verdict_id) > tuple_(verdict.c.known_at, verdict.c.verdict_id),
    )
    .exists()
)


@dataclass(frozen=True, slots=True)
class PersonVerdict:
    """A person's verdict without a later verdict on its case, with its listing and action."""

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
    score_was_masked: bool
    score_value: float
    probability: float | None


def verdicts_since(connection: Connection, user_id: str, side: Side, since: datetime) -> list[PersonVerdict]:
    """A person's verdicts since a moment without a later verdict on their case, newest first."""
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
            review_case.c.score_masked,
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
            # A case whose brand was corrected is no longer that brand's.
            or_(verdict.c.brand_id.is_(None), verdict.c.brand_id == review_case.c.brand_id),
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            verdict.c.known_at > since,
            review_case.c.state != CaseState.STALE.value,
            ~_FOLLOWED,
        )
        .order_by(verdict.c.known_at.desc(), verdict.c.verdict_id.desc())
    )
    with plans_kept(
        connection
    ):  # Every page asks, and the plan of eight tables takes ten times as long as the reading.
        return [_person_verdict(row) for row in connection.execute(query).mappings()]


def _person_verdict(row: RowMapping) -> PersonVerdict:
    return PersonVerdict(
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
        row["score_masked"],
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
    """The facts of many scores, by (marketplace, digest)."""
    places, digests = ({key[i] for key in keys} for i in (0, 1))
    query = select(facts).where(facts.c.marketplace_id.in_(places), facts.c.digest.in_(digests))
    return {(row.marketplace_id, row.digest): facts_from_json(row.body) for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Questions:
    """The open questions of a brand in a marketplace."""

    number: int
    oldest_due_at: datetime


def open_questions(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, Questions]:
    """The open questions of each (marketplace, brand) that has any."""
    key = (review_case.c.marketplace_id, review_case.c.brand_id)
    query = (
        select(*key, func.count().label("n"), func.min(review_case.c.due_at).label("oldest"))
        .where(
            review_case.c.state == CaseState.OPEN.value,
            review_case.c.lane == CaseLane.ASK_BRAND.value,
            in_pairs(review_case, pairs),
        )
        .group_by(*key)
    )
    return {(row.marketplace_id, row.brand_id): Questions(row.n, row.oldest) for row in connection.execute(query)}


def answers_in_force(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, dict[Judgement, int]]:
    """The number of each brand's answers that are not withdrawn, by (marketplace, brand) and judgement."""
    key = (verdict.c.marketplace_id, verdict.c.brand_id)
    query = (
        select(*key, verdict.c.judgement, func.count().label("n"))
        .where(verdict.c.side == Side.BRAND.value, in_pairs(verdict, pairs), STANDS)
        .group_by(*key, verdict.c.judgement)
    )
    answers: dict[Pair, dict[Judgement, int]] = {}
    for place, brand_id, judgement, number in connection.execute(query):
        answers.setdefault((place, brand_id), {})[Judgement(judgement)] = number
    return answers


@dataclass(frozen=True, slots=True)
class BrandAction:
    """An action on a brand's listing, with the data that the brand may see.

    `question` is the case whose question the brand answered with "counterfeit"; None where nobody asked it.
    """

    external_id: str
    content: Mapping[str, Any]
    kind: ActionKind
    state: ActionState
    leaves_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    check: CheckState | None
    question: str | None


def brand_actions(
    connection: Connection, pairs: Collection[Pair], most: int, *, only_answered: bool = False
) -> list[BrandAction]:
    """The latest removals and reinstatements of these brands' listings, newest first; `question` as the class says."""
    own = verdict.alias("own")
    confirmed = (own.c.brand_id == review_case.c.brand_id) & (own.c.judgement == Judgement.COUNTERFEIT.value)
    answered = exists().where(same(own, review_case, "case_id"), confirmed, ~own.c.reported)
    query = (
        select(
            action,
            case((answered, review_case.c.case_id)).label("question"),
            listing.c.external_id,
            listing_version.c.content,
            removal_check.c.state.label("check"),
        )
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(review_case, same(verdict, review_case, "case_id"))
        .join(listing, same(action, listing, "listing_id"))
        .outerjoin(removal_check, same(action, removal_check, "action_id"))
        .join(listing_version, same(verdict, listing_version, "version_id"))
        .where(in_pairs(review_case, pairs))
        .where(answered if only_answered else true())
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
            row["question"],
        )
        for row in connection.execute(query).mappings()
    ]
