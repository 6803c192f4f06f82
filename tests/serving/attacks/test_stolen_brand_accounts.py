"""Drills: what somebody gets out with a stolen session, password or second factor of a brand's user.

Small sizes; the full ones are marked `soak`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models.errors import DomainError
from serving.accounts.rules.access import Person
from serving.accounts.service import auth
from serving.accounts.service.proving import FactorResponse
from serving.accounts.service.second_factors import begin_app
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.service import certification
from serving.reports.service.stopping import stop_report
from serving.reports.service.submitting import Draft
from serving.takedowns.policy import DEFAULT_BUDGETS, DEFAULT_BURSTS, BurstPolicy
from serving.takedowns.tables import action
from tests.fixtures.factors import (
    App,
    an_app,
    renewed_session,
    session_of_token,
    session_with_app,
    with_a_counting_factor,
)
from tests.fixtures.puppets import person_invited_by_lead, taken_over_account
from tests.fixtures.reporting import a_draft, a_leader, action_states, on_sale
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.stepping_up import (
    OVER,
    confirmed_report,
    in_full_standing,
    prove_second_factor,
    with_a_small_hour,
)
from tests.fixtures.submitting import submit_report

pytestmark = pytest.mark.attack
# More than leave in an hour, which is a small one where few are reported.
SIZES = [pytest.param(OVER + 1, id="few"), pytest.param(500, marks=pytest.mark.soak, id="500")]
LARGE = [pytest.param(OVER + 1, id="few"), pytest.param(300, marks=pytest.mark.soak, id="300")]


@dataclass(slots=True)
class Thief:
    """Somebody with a session of the brand's lead, perhaps the password or the app, and with puppets."""

    site: Site
    session: Session
    password: bool = False
    app: App | None = None
    puppets: tuple[Person, ...] = ()
    reports: list[str] = field(default_factory=list)

    def report_all(self, names: list[str], ways: Iterator[tuple[bool, bool]]) -> None:
        """Report everything, some of it as one's puppets, in reports of every size and kind."""
        people = itertools.cycle((self.session.person, *self.puppets))
        for batch in _batches(names):
            by_program, with_step_up = next(ways)
            person = next(people)
            draft = a_draft(self.site, batch, f"{person.user_id} {len(self.reports)}")
            self._report(person, replace(draft, by_program=by_program, with_step_up=with_step_up))

    def _report(self, person: Person, draft: Draft) -> None:
        self.reports.append(submit_report(self.site.runtime, person, draft).report.report_id)

    def confirm_all(self) -> int:
        """Try to confirm each report that waits, with whatever is there; returns how many were."""
        return sum(self._confirm(report_id) for report_id in self.reports)

    def _confirm(self, report_id: str) -> bool:
        codes = ["000000", *([] if self.app is None else [self.app.code(self.site)])]
        for code in codes:
            try:
                prove_second_factor(self.site.runtime, self.session, report_id, FactorResponse(code))
            except DomainError:
                continue
            return True
        return False

    def add_a_factor(self) -> App | None:
        """Enrol an app of one's own, where that is possible."""
        try:
            begin_app(self.site.runtime, renewed_session(self.site, self.session), PASSWORD if self.password else "")
        except DomainError:
            return None
        return an_app(self.site, self.session.person)[0]


def _batches(names: list[str]) -> list[list[str]]:
    return [names[start : start + 50] for start in range(0, len(names), 50)]


def prepared_site(site: Site, many: int) -> Site:
    """Aurelle in full standing; where few are reported, few leave in an hour."""
    standing_site = in_full_standing(site)
    return with_a_small_hour(standing_site) if many < DEFAULT_BURSTS.per_user else standing_site


def hourly_cap(site: Site) -> int:
    """The number of removals of a person in an hour."""
    return site.runtime.policies[BurstPolicy].per_user


def removals_until(site: Site, by: datetime) -> int:
    """The number of removals that leave up to a moment."""
    leaves = action.c.leaves_at <= by, action.c.state == "scheduled"
    return len(site.rows(select(action.c.action_id).where(*leaves)))


def puppets_of(site: Site, lead: Person) -> tuple[Person, ...]:
    """Two certified colleagues whom the lead invited two days ago, and one whose password the lead has reset."""
    puppets = [person_invited_by_lead(site, lead, name) for name in ("puppet-1", "puppet-2", "puppet-3")]
    with site.runtime.store.write() as connection:
        for puppet in puppets:
            certification.vouch(site.runtime, connection, puppet.user_id, by="test")
    site.clock.forward(days=2)
    return (puppets[0], puppets[1], taken_over_account(site, lead, puppets[2]))


def every_way() -> Iterator[tuple[bool, bool]]:
    """Reports by page, by API, and with the wish for a second factor, in turn."""
    return itertools.cycle([(False, False), (True, False), (False, True)])


@pytest.mark.parametrize("many", SIZES)
@pytest.mark.parametrize("with_puppets", [False, True], ids=["alone", "with puppets"])
@pytest.mark.parametrize("owner_has_factor", [False, True], ids=["without a factor", "with a factor"])
def test_a_stolen_session_gets_at_most_twenty_out(
    any_site: Site, many: int, with_puppets: bool, owner_has_factor: bool
) -> None:
    standing_site = prepared_site(any_site, many)
    lead = a_leader(standing_site)
    puppets = puppets_of(standing_site, lead) if with_puppets else ()
    if owner_has_factor:
        _, session = with_a_counting_factor(standing_site, lead)
        standing_site.clock.forward(minutes=11)  # The owner's own proof is old when the session is stolen.
    else:
        session = session_of_token(
            standing_site.runtime, auth.sign_in(standing_site.runtime, lead.email, PASSWORD).token
        )
        standing_site.clock.forward(minutes=11)
    thief = Thief(standing_site, session, puppets=puppets)
    assert thief.add_a_factor() is None
    thief.report_all(on_sale(standing_site, many), every_way())
    assert thief.confirm_all() == 0
    assert removals_until(standing_site, standing_site.clock.now() + timedelta(minutes=10)) <= hourly_cap(standing_site)
    assert removals_until(standing_site, standing_site.clock.now() + timedelta(days=2)) <= hourly_cap(standing_site)


@pytest.mark.parametrize("many", SIZES)
@pytest.mark.parametrize("with_puppets", [False, True], ids=["alone", "with puppets"])
def test_a_stolen_password_gets_at_most_twenty_out(any_site: Site, many: int, with_puppets: bool) -> None:
    """Where the owner has no factor, the thief enrols one, which counts only after a day."""
    standing_site = prepared_site(any_site, many)
    lead = a_leader(standing_site)
    puppets = puppets_of(standing_site, lead) if with_puppets else ()
    app, _ = an_app(standing_site, lead)  # The thief's.
    thief = Thief(standing_site, session_with_app(standing_site, lead, app), password=True, app=app, puppets=puppets)
    thief.report_all(on_sale(standing_site, many), every_way())
    assert thief.confirm_all() == 0
    assert removals_until(standing_site, standing_site.clock.now() + timedelta(minutes=10)) <= hourly_cap(standing_site)


def test_a_stolen_password_alone_does_not_sign_in_where_the_owner_has_a_factor(site: Site) -> None:
    standing_site = in_full_standing(site)
    with_a_counting_factor(standing_site, standing_site.brand_person)
    assert auth.sign_in(standing_site.runtime, standing_site.brand_person.email, PASSWORD).half


@pytest.mark.parametrize("many", LARGE)
@pytest.mark.parametrize("who", ["account_manager", "another_lead"])
@pytest.mark.parametrize("minute", [pytest.param(0, marks=pytest.mark.soak), 59])
def test_of_a_stolen_second_factor_nothing_gets_out_when_anybody_told_objects(
    any_site: Site, many: int, who: str, minute: int
) -> None:
    standing_site = prepared_site(any_site, many)
    report_id, app, session = confirmed_report(standing_site, many)
    other = standing_site.account_manager if who == "account_manager" else _another_lead(standing_site)
    standing_site.clock.forward(minutes=minute)
    stop_report(standing_site.runtime, other, report_id)
    assert action_states(standing_site) == {"withdrawn": many}
    assert removals_until(standing_site, standing_site.clock.now() + timedelta(days=1)) == 0
    with pytest.raises(DomainError):
        prove_second_factor(standing_site.runtime, session, report_id, FactorResponse(app.code(standing_site)))


@pytest.mark.parametrize("many", LARGE)
def test_beside_a_stopped_report_puppets_get_twenty_at_most_out(any_site: Site, many: int) -> None:
    standing_site = prepared_site(any_site, many)
    puppets = puppets_of(standing_site, a_leader(standing_site))
    report_id, app, session = confirmed_report(standing_site, many)
    thief = Thief(standing_site, session, app=app, puppets=puppets)
    names = [f"RP-{number}" for number in range(many)]
    thief.report_all([*names, *on_sale(standing_site, many, 1_000)], every_way())
    assert thief.confirm_all() == 0
    standing_site.clock.forward(minutes=59)
    stop_report(standing_site.runtime, standing_site.account_manager, report_id)
    thief.report_all(names, every_way())
    assert removals_until(standing_site, standing_site.clock.now() + timedelta(days=2)) <= hourly_cap(standing_site)


def _another_lead(site: Site) -> Person:
    colleague = person_invited_by_lead(site, a_leader(site), "odile")
    with site.runtime.store.write() as connection:
        accounts.set_lead(connection, colleague.user_id, (site.marketplace_id, site.brand_id), leads=True)
        return accounts.person(connection, colleague.user_id)


def test_a_puppet_with_a_factor_of_its_own_sends_nothing_above_the_day_of_the_brand(site: Site) -> None:
    standing_site = prepared_site(site, OVER)
    policies = standing_site.runtime.policies.changed(replace(DEFAULT_BUDGETS, step_up_day=OVER))
    standing_site = replace(standing_site, runtime=replace(standing_site.runtime, policies=policies))
    lead = a_leader(standing_site)
    puppet, *_ = puppets_of(standing_site, lead)
    its_app, _ = an_app(standing_site, puppet)
    app, session = with_a_counting_factor(standing_site, lead)
    thief = Thief(standing_site, session, app=app)
    thief.report_all(on_sale(standing_site, OVER), itertools.cycle([(False, True)]))
    assert thief.confirm_all() == 1
    theirs = Thief(standing_site, session_with_app(standing_site, puppet, its_app), app=its_app)
    theirs.report_all(on_sale(standing_site, OVER, 500), itertools.cycle([(False, True)]))
    assert len(theirs.reports) == 1
    assert theirs.confirm_all() == 1
    assert action_states(standing_site) == {"scheduled": OVER, "pending_approval": OVER}


@pytest.mark.parametrize("many", LARGE)
def test_three_hundred_leave_after_an_hour_or_one_click_stops_all(any_site: Site, many: int) -> None:
    standing_site = prepared_site(any_site, many)
    report_id, _, _ = confirmed_report(standing_site, many)
    at = standing_site.clock.now()
    assert removals_until(standing_site, at + timedelta(minutes=59)) == 0
    assert removals_until(standing_site, at + timedelta(minutes=61)) == many
    standing_site.clock.forward(minutes=50)
    assert stop_report(standing_site.runtime, standing_site.account_manager, report_id) == many
    assert removals_until(standing_site, at + timedelta(days=1)) == 0
