"""The state of a case for its reader: open to them, leased to somebody else, decided, superseded, or read-only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.case import CaseLane, CaseState
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.accounts.store import accounts
from serving.cases.service.case_access import who_may_judge, why_not_judge
from serving.cases.store import deferrals, queue_positions, verdicts
from serving.cases.store.cases import Case
from serving.cases.store.deferrals import StoredDeferral
from serving.cases.store.verdicts import StoredVerdict
from serving.platform.runtime import Runtime
from serving.web.wording import words

_NAMED: Final = 5
_BLIND_WORK: Final = {CaseLane.APPEAL: "decide this appeal", CaseLane.SECOND_REVIEW: "do this second review"}


@dataclass(frozen=True, slots=True)
class Note:
    """A message above the case, with a link to the next step."""

    tone: str
    icon: str
    bold: str
    text: str
    address: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the form accepts a decision, and if not, why; and whether the reader's last decision can be undone."""

    may_decide: bool
    lease: str
    notes: tuple[Note, ...]
    last_verdict: StoredVerdict | None
    undo_until: str | None
    aside: bool


def standing(runtime: Runtime, connection: Connection, person: Person, case: Case) -> Standing:
    why_not = why_not_judge(connection, person, case)
    now = runtime.clock.now()
    given = verdicts.latest_of_case(connection, case.marketplace_id, case.case_id)
    kept = case.leased_until is not None and case.leased_until > now
    others = kept and case.leased_by != person.user_id
    holder = accounts.names(connection, [case.leased_by])[case.leased_by] if others and case.leased_by else ""
    is_open = case.state is CaseState.OPEN
    return Standing(
        may_decide=is_open and not others and why_not is None,
        lease=words.yours_until(case.leased_until, now) if kept and not others and case.leased_until else "",
        notes=tuple(
            _notes(
                connection,
                case,
                now,
                given=given,
                holder=holder if is_open else "",
                why_not=str(why_not) if is_open and why_not else None,
            )
        ),
        last_verdict=given,
        undo_until=_undo_until(runtime, case, person, given, now),
        aside=case.snoozed_until is not None and case.snoozed_until > now,
    )


def _notes(
    connection: Connection, case: Case, now: datetime, *, given: StoredVerdict | None, holder: str, why_not: str | None
) -> list[Note]:
    found = []
    if given is not None and given.reported and given.judgement is Judgement.COUNTERFEIT:
        found.append(_report_note(case, given, now))
    if why_not is not None:
        what = _BLIND_WORK.get(case.lane, "decide this complaint")
        bold = f"Another reviewer must {what}."
        able = ", ".join(who_may_judge(connection, case)[:_NAMED]) or "nobody"
        text = (
            f"{why_not}. This page is read-only for you. Can decide now: {able}. To add an independent analyst, the "
            "operator runs touchstone person add EMAIL --name NAME --role analyst."
        )
        found.append(Note("warn", "i-scale", bold, text))
    if holder and case.leased_until is not None:
        text = f"Their lease ends {words.moment(case.leased_until, now)}. Until then, this page is read-only for you."
        found.append(Note("warn", "i-lock", f"{holder} is working on this case.", text))
    if case.state is CaseState.STALE:
        following = queue_positions.follower(connection, case.marketplace_id, case.case_id)
        text = "This page shows an earlier version and is read-only."
        address = f"/cases/{following}" if following else None
        found.append(Note("warn", "i-clock", "The listing has changed.", text, address, "Open the current version"))
    if case.state is CaseState.OPEN and (wait := deferrals.latest(connection, case.marketplace_id, case.case_id)):
        found.append(_deferral_note(wait, now, aside=case.snoozed_until is not None and case.snoozed_until > now))
    if case.lane is CaseLane.ASK_BRAND and case.state is CaseState.OPEN:
        text = "You can decide without waiting for its answer. Your decision counts as an analyst's."
        found.append(Note("", "i-info", "A question to the brand is open.", text))
    return found


def _report_note(case: Case, given: StoredVerdict, now: datetime) -> Note:
    """The brand's own report of the listing, which ends the lease of an analyst who held the case."""
    when = words.moment(given.known_at, now)
    if case.state is CaseState.OPEN:
        text = f"It did so {when} on its own initiative. If you decide counterfeit, it is not asked again."
        return Note("", "i-info", "The brand reported this listing as counterfeit.", text)
    text = f"Its report decided this case {when}. Leases of the case ended, and no other decision is needed."
    return Note("warn", "i-info", "The brand reported this listing as counterfeit.", text)


def _deferral_note(wait: StoredDeferral, now: datetime, *, aside: bool) -> Note:
    """The deferral of the case, or that it has ended."""
    asked = f" Missing: {wait.aside.missing}. Requested from: {wait.aside.asked}." if wait.aside.missing else ""
    until = words.moment(wait.aside.until, now)
    if aside:
        sooner = ", or earlier if new information on the listing arrives" if wait.aside.on_news else ""
        return Note("", "i-clock", f"{wait.by} snoozed this case.", f"It returns to the queue {until}{sooner}.{asked}")
    return Note("", "i-clock", "The case is back in the queue.", f"{wait.by} snoozed it until {until}.{asked}")


def _undo_until(runtime: Runtime, case: Case, person: Person, given: StoredVerdict | None, now: datetime) -> str | None:
    if given is None or given.user_id != person.user_id or case.state is CaseState.STALE:
        return None
    until = given.known_at + timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    return words.clock(until) if now < until else None
