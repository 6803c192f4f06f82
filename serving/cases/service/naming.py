"""The brand of a case as a person names or corrects it, with all that depends on it, and the undo of a naming."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.brands import Brand, BrandRegister, compact
from models.case import CaseEvent, CaseLane, next_state
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.messages.english import reasons_of
from models.policies.deciding import EnforcementPolicy
from models.verdict import Side
from serving.accounts.rules.access import Person
from serving.audit.store import audit
from serving.brands.store import brands
from serving.cases.rules.case_brand import CaseBrand, Naming, NamingContext, lane_after_naming, why_not_name
from serving.cases.service.alias_proposing import NewNaming, propose_aliases
from serving.cases.service.case_access import visible_case, why_not_judge
from serving.cases.service.decision_context import DecisionContext, add_timeline_line
from serving.cases.store import case_brands, cases, verdicts
from serving.cases.store.cases import Case
from serving.listings.store import listings, scores
from serving.platform.runtime import Runtime

_MOST_ASKED: Final = 200  # One transaction; a brand can answer so many.


def name_brand(runtime: Runtime, person: Person, case_id: str, naming: Naming) -> Case:
    """Name the brand of an open case, or correct it; returns the case as it stands then.

    A question that waits for the brand before goes to the new brand if it can be asked, and otherwise to an analyst.
    The brand before no longer sees the case.

    Raises Conflict (the case is closed, or somebody else works on it) or NotFound, Forbidden, Invalid (the person has
    no access to the case, or the brand is not enrolled here; only analysts name brands, and not on a review of their
    own decision; the naming is incomplete, lacks its reason, or changes nothing).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        return name_in(runtime, connection, person, case_id, naming, now)


def name_in(
    runtime: Runtime, connection: Connection, person: Person, case_id: str, naming: Naming, at: datetime
) -> Case:
    """Name the brand in the caller's transaction; raises like `name_brand`."""
    case, side = visible_case(connection, person, case_id)
    if side is Side.BRAND:
        raise Forbidden("Only analysts name the brand of a case.")
    barred = why_not_judge(connection, person, case)
    if barred is not None:
        raise Forbidden("{why}; somebody else must name its brand.", why=barred)
    next_state(case.state, CaseEvent.PASS_ON)
    _check_naming(connection, case, naming, at)
    return set_brand(runtime, connection, person, case, naming, at)


def set_brand(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    case: Case,
    naming: Naming,
    at: datetime,
    *,
    undoes_id: str | None = None,
    asks: bool = False,
) -> Case:
    """Give a case a brand that was checked, with everything that depends on it; `undoes_id` is the naming undone.

    With `asks` a case that waits for an analyst becomes a question to the brand.
    """
    brand = naming.brand
    enrolled = brands.enrolments(connection, case.marketplace_id)
    earlier = case_brands.of_case(connection, case.marketplace_id, case.case_id)
    answered = brand.brand_id and verdicts.latest_of_case(connection, case.marketplace_id, case.case_id, brand.brand_id)
    returned = bool(answered) or any(
        past_naming.returned_before for past_naming in earlier if past_naming.before == brand
    )
    takes_part = brand.brand_id is not None and enrolled[brand.brand_id].takes_part
    lane = lane_after_naming(CaseLane.ASK_BRAND if asks else case.lane, can_be_asked=takes_part and not returned)
    values: dict[str, object] = {
        "brand_id": brand.brand_id,
        "mark": brand.mark,
        "mark_owner": brand.owner,
        "question_returned": returned,
    }
    if asks or case.lane is CaseLane.ASK_BRAND:
        values |= {"lane": lane.value, "due_at": _due_at(runtime, case, lane, at)}
    cases.apply_event(connection, case, CaseEvent.PASS_ON, values, holder=person.user_id, at=at)
    listings.set_brand(connection, case.marketplace_id, case.version_id, brand.brand_id, at)
    _store_naming(runtime, connection, person, case, naming, at, undoes_id=undoes_id)
    return cases.get(connection, case.marketplace_id, case.case_id)


def ask_about_open_cases(
    runtime: Runtime, connection: Connection, person: Person, marketplace_id: str, brand: Brand, at: datetime
) -> int:
    """Ask a brand that was just enrolled about the cases that wait for an analyst and whose listings name it; returns
    how many. Cases that somebody else works on stay."""
    register = BrandRegister([brand])
    questions = 0
    for case, listing in cases.unresolved_cases(connection, marketplace_id, person.user_id, at, _MOST_ASKED):
        title, declared, gtin = (listing.get(name) for name in ("title", "brand", "gtin"))
        resolution = register.resolve(title=title, declared=declared, gtin=gtin)
        if resolution.brand_id == brand.brand_id:
            set_brand(runtime, connection, person, case, Naming(CaseBrand(brand.brand_id)), at, asks=True)
            questions += 1
    return questions


def _check_naming(connection: Connection, case: Case, naming: Naming, at: datetime) -> None:
    brand, registered_brands = naming.brand, brands.enrolled_brands(connection, case.marketplace_id, at)
    if brand.brand_id is not None and brand.brand_id not in {candidate.brand_id for candidate in registered_brands}:
        raise NotFound("No brand with this id is enrolled here.")
    mark = compact(brand.mark or "")
    known = (
        candidate.name
        for candidate in registered_brands
        if mark and mark in map(compact, (candidate.name, *candidate.aliases))
    )
    refused = why_not_name(naming, NamingContext(case.brand, case.lane, next(known, None)))
    if refused is not None:
        raise Invalid("{why}", why=reasons_of(refused))


def _due_at(runtime: Runtime, case: Case, lane: CaseLane, at: datetime) -> datetime:
    policy = runtime.policies[EnforcementPolicy]
    if lane is CaseLane.ASK_BRAND:
        return at + timedelta(hours=policy.brand_answers_within_hours)
    due_at = at + timedelta(hours=policy.analyst_decides_within_hours)
    return due_at if case.notice_due_at is None else min(due_at, case.notice_due_at)


def _store_naming(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    case: Case,
    naming: Naming,
    at: datetime,
    *,
    undoes_id: str | None,
) -> None:
    """Store the naming with its audit entry, and tell it in the case's history."""
    marketplace_id, brand, before, facts = (
        case.marketplace_id,
        naming.brand,
        case.brand,
        scores.scored_facts(connection, case.marketplace_id, case.score_id),
    )
    naming_id = runtime.ids.new("nam")
    row = {
        "marketplace_id": marketplace_id,
        "naming_id": naming_id,
        "case_id": case.case_id,
        "listing_id": case.listing_id,
        "version_id": case.version_id,
        "brand_id": brand.brand_id,
        "mark": brand.mark,
        "mark_owner": brand.owner,
        "brand_before": before.brand_id,
        "mark_before": before.mark,
        "owner_before": before.owner,
        "resolved_id": facts.resolved.brand_id,
        "returned_before": case.question_returned,
        "undoes_id": undoes_id,
        "reason": naming.reason,
        "user_id": person.user_id,
        "known_at": at,
    }
    case_brands.add_naming(connection, row)
    names = ("case_id", "brand_id", "mark", "mark_owner", "brand_before", "mark_before", "owner_before", "reason")
    audit.record(
        connection,
        at,
        marketplace_id,
        person.actor,
        _audit_act(before, undoes_id),
        naming_id,
        **({} if undoes_id is None else {"undoes_id": undoes_id}),
        **{name: row[name] for name in names},
    )
    if undoes_id is None:
        propose_aliases(runtime, connection, NewNaming(case, naming_id, brand, facts), at)
    last_naming = case_brands.of_case(connection, marketplace_id, case.case_id)[-1]
    what = f"Named the brand: {last_naming.name}."
    if undoes_id is not None:
        what = f"Undid the naming of {last_naming.name_before}. The brand is {last_naming.name or 'unresolved'} again."
    elif last_naming.name_before is not None:
        what = f"Corrected the brand from {last_naming.name_before} to {last_naming.name}. {naming.reason}"
    add_timeline_line(DecisionContext(runtime, connection, person, case, Side.ANALYST, at), what)


def _audit_act(before: CaseBrand, undoes_id: str | None) -> str:
    if undoes_id is not None:
        return "brand.naming_undone"
    return "brand.corrected" if before.is_named else "brand.named"


def undo_naming(runtime: Runtime, person: Person, case_id: str) -> Case:
    """Undo the last naming of an open case, under the person's own name; returns the case as it stands then.

    The brand before it is the brand again, also for facts that are assembled from then on; an unresolved brand is
    unresolved again. Facts of the time between keep what they had.

    Raises Conflict (the case is closed, somebody else works on it, or it has no naming to undo) or NotFound, Forbidden
    (the person has no access to the case, or somebody else named the brand: they correct it with a reason).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        case, _ = visible_case(connection, person, case_id)
        last_naming = case_brands.last_naming(case_brands.of_case(connection, case.marketplace_id, case_id))
        if last_naming is None:
            raise Conflict("Nobody named the brand on this case, so there is nothing to undo.")
        if last_naming.user_id != person.user_id:
            raise Forbidden("{name} named the brand. Correct it with a reason instead.", name=last_naming.user_name)
        barred = why_not_judge(connection, person, case)
        if barred is not None:
            raise Forbidden("{why}; somebody else must name its brand.", why=barred)
        next_state(case.state, CaseEvent.PASS_ON)
        return set_brand(
            runtime, connection, person, case, Naming(last_naming.before), now, undoes_id=last_naming.naming_id
        )
