"""The cases that a person may see, lease and decide."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from features.phrase import Phrase
from models.case import BLIND_LANES, CaseLane
from models.errors import NotFound
from models.policies.deciding import EnforcementPolicy
from models.verdict import Side
from serving.accounts.rules.access import Permission, Person, Role
from serving.accounts.rules.second_person import accounts_of_same_person, is_independent_of_all
from serving.accounts.store import origins, people
from serving.cases.rules.masked_score import is_hidden
from serving.cases.store import assignments, cases, verdicts
from serving.cases.store.cases import Case
from serving.notices.store import notice_complaints
from serving.platform.runtime import Runtime


def visible_case(connection: Connection, person: Person, case_id: str) -> tuple[Case, Side]:
    """A case that the person may work on, and their side.

    Raises NotFound (the case does not exist, or belongs to another marketplace or brand; the error is the same).
    """
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    answered = person.brands(Permission.ANSWER_QUESTIONS)
    marketplace_id = cases.marketplace_of(connection, case_id, reviewed | {place for place, _ in answered})
    case = cases.get(connection, marketplace_id, case_id)
    if case.marketplace_id in reviewed:
        return case, Side.ANALYST
    if (case.marketplace_id, case.brand_id) in answered and _brand_was_asked(connection, case):
        return case, Side.BRAND
    raise NotFound("There is no such case.")


def claimed_case(connection: Connection, person: Person, case_id: str, claimant: str) -> tuple[Case, Side]:
    """The case of a listing that a person reports for a brand. An unresolved case stays unresolved.

    Raises NotFound (the person does not answer for the brand there, or the case is another brand's).
    """
    places = {place for place, brand_id in person.brands(Permission.ANSWER_QUESTIONS) if brand_id == claimant}
    place = next(iter(places)) if len(places) == 1 else cases.marketplace_of(connection, case_id, places)
    case = cases.get(connection, place, case_id)
    if case.brand_id != claimant and case.brand.is_named:
        raise NotFound("There is no such case.")
    return case, Side.BRAND


def _brand_was_asked(connection: Connection, case: Case) -> bool:
    """Whether the brand has been asked: now, or before it answered. The answer of another brand is none of its own."""
    if case.lane is CaseLane.ASK_BRAND:
        return True
    earlier_verdicts = verdicts.of_listings(connection, case.marketplace_id, [case.listing_id])
    return any(verdict.case_id == case.case_id and verdict.brand_id == case.brand_id for verdict in earlier_verdicts)


def is_blind(connection: Connection, case: Case) -> bool:
    """Whether the reviewer of a case is not shown the score.

    A notifier's complaint stays blind after its case went to the brand and came back.
    """
    return case.lane in BLIND_LANES or notice_complaints.is_contested(connection, case.marketplace_id, case.case_id)


def is_score_masked(connection: Connection, person: Person, case: Case) -> bool:
    """Whether the score of a case is masked for this person until they have answered."""
    if not case.score_masked:
        return False
    committed = verdicts.has_answered(connection, case.marketplace_id, case.case_id, person.user_id)
    return is_hidden(case.score_masked, case.state, committed=committed)


def why_not_judge(connection: Connection, person: Person, case: Case) -> Phrase | None:
    """Why this person may not judge an appeal, a complaint or a second review; None where they may.

    They decided on the listing before, or their account has a root in common with the decider's, so that both may be
    one person's (`serving.accounts.rules.second_person`). A person who withdrew a verdict on the listing has seen it
    and gives no second review.
    """
    if not is_blind(connection, case):
        return None
    decided = _earlier_deciders(connection, case)
    if person.user_id in decided:
        return Phrase("You decided on this listing before")
    if not is_independent_of_all(origins.roots(connection), person.user_id, decided):
        return Phrase(
            "Your account and one that decided on this listing before count as one person, because one created the "
            "other or reset its password, or one person did so for both"
        )
    return None


def accounts_of_person(connection: Connection, person: Person) -> frozenset[str]:
    """The accounts that count as one person with this one, itself included."""
    return accounts_of_same_person(origins.roots(connection), {person.user_id})


def who_may_judge(connection: Connection, case: Case) -> list[str]:
    """The names of the analysts who may judge an appeal, a complaint or a second review, sorted."""
    decided, roots = _earlier_deciders(connection, case), origins.roots(connection)
    analysts = people.holders(connection, [case.marketplace_id], Role.ANALYST).get(case.marketplace_id, {})
    return sorted(name for user_id, name in analysts.items() if is_independent_of_all(roots, user_id, decided))


def _earlier_deciders(connection: Connection, case: Case) -> set[str]:
    earlier_verdicts = verdicts.of_listings(connection, case.marketplace_id, [case.listing_id])
    before = [verdict for verdict in earlier_verdicts if verdict.case_id != case.case_id]
    if case.lane is not CaseLane.SECOND_REVIEW:
        before = [
            verdict for verdict in before if verdict.lane is not CaseLane.APPEAL and verdict.superseded_by is None
        ]
    reviewed = notice_complaints.found_invalid_by(connection, case.marketplace_id, [case.case_id])
    return {verdict.user_id for verdict in before} | reviewed.get(case.case_id, set())


def excluded_people(
    connection: Connection, marketplace_id: str, case_ids: Collection[str]
) -> dict[str, frozenset[str]]:
    """The people to whom these cases are not assigned, by case: earlier judges of the listing, and their accounts."""
    roots = origins.roots(connection)
    judged = assignments.judges_of(connection, marketplace_id, case_ids)
    invalid = notice_complaints.found_invalid_by(connection, marketplace_id, case_ids)
    return {
        case_id: accounts_of_same_person(roots, judged.get(case_id, set()) | invalid.get(case_id, set()))
        for case_id in judged.keys() | invalid.keys()
    }


def lease(runtime: Runtime, person: Person, case_id: str) -> datetime | None:
    """Lease a case while its page is open; returns the end of the lease, None where the person cannot decide it."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        case, _ = visible_case(connection, person, case_id)
        if why_not_judge(connection, person, case) is not None:
            return None
        until = now + timedelta(seconds=runtime.policies[EnforcementPolicy].lease_seconds)
        return until if cases.lease(connection, case, person.user_id, at=now, until=until) else None
