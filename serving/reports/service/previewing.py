"""What a report would do now, listing by listing, before it is sent."""

from dataclasses import dataclass, replace

from features.facts import Facts
from models.case import CaseLane
from serving.accounts.rules.access import Person
from serving.accounts.rules.signing import wait_reasons
from serving.platform.database.series import in_series
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import ListingResult, Outcome, count_results
from serving.reports.rules.step_up import StepUpState
from serving.reports.service.examining import Examination
from serving.reports.service.reporting import ForeseenRemovals, Reporting, foresee_outcome
from serving.reports.service.submitting import WAITING, Draft, check_draft, check_ready, pair_of_draft, wait_of
from serving.reports.store.reports import StoredReport
from serving.standing.service import count_standing


@dataclass(frozen=True, slots=True)
class ForeseenOutcome:
    """One listing as it was named, its id and title at the marketplace where it is known, and its outcome.

    `number` is its place in the report, from 1. `facts` are those of the last score, None where the listing is not
    known. `question` is the open case in which the brand is asked about it.
    """

    number: int
    location: str
    external_id: str | None
    title: str | None
    outcome: Outcome
    facts: Facts | None = None
    question: str | None = None


def preview_report(runtime: Runtime, person: Person, draft: Draft) -> tuple[ForeseenOutcome, ...]:
    """The outcome of each listing if the report were sent at this moment; nothing is recorded.

    Standing and limits apply in the order of the report, as they will when it is sent. With `with_step_up` in the draft
    the outcome is that after the person's second factor.

    Raises Invalid, NotFound, NoRightCarries, NotBriefed (as when the report is sent).
    """
    numbered, now, ahead = list(enumerate(check_draft(runtime, draft), 1)), runtime.clock.now(), ForeseenRemovals()
    with runtime.store.read() as connection, in_series(connection):
        marketplace_id, brand_id = pair_of_draft(connection, person, draft)
        check_ready(runtime, connection, person, (marketplace_id, brand_id), (draft.right_id, draft.reason_code), now)
        drafted = StoredReport(
            marketplace_id, "", brand_id, draft.right_id, person.user_id, draft.reason_code, draft.note, "", "", now
        )
        wait = wait_of(runtime, connection, (marketplace_id, brand_id), draft, now)
        if draft.by_program and wait.state is StepUpState.AWAITED:
            waiting = replace(WAITING, reasons=wait_reasons(wait.causes) or WAITING.reasons)
            return tuple(ForeseenOutcome(number, location, None, None, waiting) for number, location in numbered)
        examination = Examination(runtime, connection, marketplace_id, brand_id, now, shown=frozenset(draft.versions))
        standing = count_standing(runtime, connection, (marketplace_id, brand_id), now)
        reporting = Reporting(
            runtime,
            connection,
            person,
            drafted,
            standing,
            examination,
            now,
            now if draft.with_step_up or wait.is_signed else None,
        )
        previews, known_listings = [], examination.look_up_all([location for _, location in numbered], locked=False)
        for number, location in numbered:
            known = known_listings[location]
            examined = None if known is None else examination.examine(known)
            outcome = foresee_outcome(reporting, examined, ahead)
            ahead.count(examined, outcome)
            if known is None or examined is None:
                previews.append(ForeseenOutcome(number, location, None, None, outcome))
                continue
            facts, case = examined.facts, examined.case
            is_question = case is not None and case.lane is CaseLane.ASK_BRAND and case.brand_id == brand_id
            question = case.case_id if case is not None and is_question else None
            title = facts.listing.title
            previews.append(ForeseenOutcome(number, location, known.external_id, title, outcome, facts, question))
    return tuple(previews)


def counts_of(previews: tuple[ForeseenOutcome, ...]) -> dict[ListingResult, int]:
    """The number of listings by foreseen result, zeros included."""
    return count_results(preview.outcome.result for preview in previews)
