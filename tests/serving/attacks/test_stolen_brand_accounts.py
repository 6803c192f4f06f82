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
from serving.accounts.service.proving import Given
from serving.accounts.service.second_factors import begin_app
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.service import certification
from serving.reports.service.stepping_up import step_up
from serving.reports.service.stopping import stop
from serving.reports.service.submitting import Draft, submit
from serving.takedowns.policy import DEFAULT_BURSTS, BurstPolicy
from serving.takedowns.tables import action
from tests.fixtures.factors import App, again, an_app, renewed, signed_in_with, with_a_counting_factor
from tests.fixtures.puppets import invited_by_lead, taken_over
from tests.fixtures.reporting import a_draft, a_leader, on_sale, states
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.stepping_up import OVER, confirmed_report, in_full_standing, with_a_small_hour

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
        for some in _batches(names):
            by_program, with_step_up = next(ways)
            person = next(people)
            draft = a_draft(self.site, some, f"{person.user_id} {len(self.reports)}")
            self._report(person, replace(draft, by_program=by_program, with_step_up=with_step_up))

    def _report(self, person: Person, draft: Draft) -> None:
        self.reports.append(submit(self.site.runtime, person, draft).report.report_id)

    def confirm_all(self) -> int:
        """Try to confirm each report that waits, with whatever is there; returns how many were."""
        return sum(self._confirm(one) for one in self.reports)

    def _confirm(self, report_id: str) -> bool:
        codes = ["000000", *([] if self.app is None else [self.app.code(self.site)])]
        for code in codes:
            try:
                step_up(self.site.runtime, self.session, report_id, Given(code))
            except DomainError:
                continue
            return True
        return False

    def add_a_factor(self) -> App | None:
        """Enrol an app of one's own, where that is possible."""
        try:
            begin_app(self.site.runtime, renewed(self.site, self.session), PASSWORD if self.password else "")
        except DomainError:
            return None
        return an_app(self.site, self.session.person)[0]


def _batches(names: list[str]) -> list[list[str]]:
    return [names[start : start + 50] for start in range(0, len(names), 50)]


def begun(site: Site, many: int) -> Site:
    """Aurelle in full standing; where few are reported, few leave in an hour."""
    here = in_full_standing(site)
    return with_a_small_hour(here) if many < DEFAULT_BURSTS.per_user else here


def most(site: Site) -> int:
    """The number of removals of a person in an hour."""
    return site.runtime.policies[BurstPolicy].per_user


def out(site: Site, by: datetime) -> int:
    """The number of removals that leave up to a moment."""
    leaves = action.c.leaves_at <= by, action.c.state == "scheduled"
    return len(site.rows(select(action.c.action_id).where(*leaves)))


def puppets_of(site: Site, lead: Person) -> tuple[Person, ...]:
    """Two certified colleagues whom the lead invited two days ago, and one whose password the lead has reset."""
    made = [invited_by_lead(site, lead, name) for name in ("puppet-1", "puppet-2", "puppet-3")]
    with site.runtime.store.write() as connection:
        for one in made:
            certification.vouch(site.runtime, connection, one.user_id, by="test")
    site.clock.forward(days=2)
    return (made[0], made[1], taken_over(site, lead, made[2]))


def every_way() -> Iterator[tuple[bool, bool]]:
    """Reports by page, by API, and with the wish for a second factor, in turn."""
    return itertools.cycle([(False, False), (True, False), (False, True)])


@pytest.mark.parametrize("many", SIZES)
@pytest.mark.parametrize("with_puppets", [False, True], ids=["alone", "with puppets"])
@pytest.mark.parametrize("owner_has_factor", [False, True], ids=["without a factor", "with a factor"])
def test_a_stolen_session_gets_at_most_twenty_out(
    any_site: Site, many: int, with_puppets: bool, owner_has_factor: bool
) -> None:
    here = begun(any_site, many)
    lead = a_leader(here)
    puppets = puppets_of(here, lead) if with_puppets else ()
    if owner_has_factor:
        _, session = with_a_counting_factor(here, lead)
        here.clock.forward(minutes=11)  # The owner's own proof is old when the session is stolen.
    else:
        session = again(here.runtime, auth.sign_in(here.runtime, lead.email, PASSWORD).token)
        here.clock.forward(minutes=11)
    thief = Thief(here, session, puppets=puppets)
    assert thief.add_a_factor() is None
    thief.report_all(on_sale(here, many), every_way())
    assert thief.confirm_all() == 0
    assert out(here, here.clock.now() + timedelta(minutes=10)) <= most(here)
    assert out(here, here.clock.now() + timedelta(days=2)) <= most(here)


@pytest.mark.parametrize("many", SIZES)
@pytest.mark.parametrize("with_puppets", [False, True], ids=["alone", "with puppets"])
def test_a_stolen_password_gets_at_most_twenty_out(any_site: Site, many: int, with_puppets: bool) -> None:
    """Where the owner has no factor, the thief enrols one, which counts only after a day."""
    here = begun(any_site, many)
    lead = a_leader(here)
    puppets = puppets_of(here, lead) if with_puppets else ()
    app, _ = an_app(here, lead)  # The thief's.
    thief = Thief(here, signed_in_with(here, lead, app), password=True, app=app, puppets=puppets)
    thief.report_all(on_sale(here, many), every_way())
    assert thief.confirm_all() == 0
    assert out(here, here.clock.now() + timedelta(minutes=10)) <= most(here)


def test_a_stolen_password_alone_does_not_sign_in_where_the_owner_has_a_factor(site: Site) -> None:
    here = in_full_standing(site)
    with_a_counting_factor(here, here.brand_person)
    assert auth.sign_in(here.runtime, here.brand_person.email, PASSWORD).half


@pytest.mark.parametrize("many", LARGE)
@pytest.mark.parametrize("who", ["account_manager", "another_lead"])
@pytest.mark.parametrize("minute", [pytest.param(0, marks=pytest.mark.soak), 59])
def test_of_a_stolen_second_factor_nothing_gets_out_when_anybody_told_objects(
    any_site: Site, many: int, who: str, minute: int
) -> None:
    here = begun(any_site, many)
    report_id, app, session = confirmed_report(here, many)
    other = here.account_manager if who == "account_manager" else _another_lead(here)
    here.clock.forward(minutes=minute)
    stop(here.runtime, other, report_id)
    assert states(here) == {"withdrawn": many}
    assert out(here, here.clock.now() + timedelta(days=1)) == 0
    with pytest.raises(DomainError):
        step_up(here.runtime, session, report_id, Given(app.code(here)))


@pytest.mark.parametrize("many", LARGE)
def test_beside_a_stopped_report_puppets_get_twenty_at_most_out(any_site: Site, many: int) -> None:
    here = begun(any_site, many)
    puppets = puppets_of(here, a_leader(here))
    report_id, app, session = confirmed_report(here, many)
    thief = Thief(here, session, app=app, puppets=puppets)
    names = [f"RP-{number}" for number in range(many)]
    thief.report_all([*names, *on_sale(here, many, 1_000)], every_way())
    assert thief.confirm_all() == 0
    here.clock.forward(minutes=59)
    stop(here.runtime, here.account_manager, report_id)
    thief.report_all(names, every_way())
    assert out(here, here.clock.now() + timedelta(days=2)) <= most(here)


def _another_lead(site: Site) -> Person:
    colleague = invited_by_lead(site, a_leader(site), "odile")
    with site.runtime.store.write() as connection:
        accounts.set_lead(connection, colleague.user_id, (site.here, site.brand_id), leads=True)
        return accounts.person(connection, colleague.user_id)


def test_a_puppet_with_a_factor_of_its_own_confirms_no_second_report_of_the_day(site: Site) -> None:
    here = begun(site, OVER)
    lead = a_leader(here)
    puppet, *_ = puppets_of(here, lead)
    its_app, _ = an_app(here, puppet)
    app, session = with_a_counting_factor(here, lead)
    thief = Thief(here, session, app=app)
    thief.report_all(on_sale(here, OVER), itertools.cycle([(False, True)]))
    assert thief.confirm_all() == 1
    theirs = Thief(here, signed_in_with(here, puppet, its_app), app=its_app)
    theirs.report_all(on_sale(here, OVER, 500), itertools.cycle([(False, True)]))
    assert len(theirs.reports) == 1
    assert theirs.confirm_all() == 0
    assert states(here) == {"scheduled": OVER}


@pytest.mark.parametrize("many", LARGE)
def test_three_hundred_leave_after_an_hour_or_one_click_stops_all(any_site: Site, many: int) -> None:
    here = begun(any_site, many)
    report_id, _, _ = confirmed_report(here, many)
    at = here.clock.now()
    assert out(here, at + timedelta(minutes=59)) == 0
    assert out(here, at + timedelta(minutes=61)) == many
    here.clock.forward(minutes=50)
    assert stop(here.runtime, here.account_manager, report_id) == many
    assert out(here, at + timedelta(days=1)) == 0
