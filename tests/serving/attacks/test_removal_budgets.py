"""Drills of a day and of a week: what a patient thief gets out with one secret, and with two, at any pace.

The thief knows every limit. Removals count once the receiver has acknowledged them. Small sizes have small limits; the
full ones are marked `soak`.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle

import pytest
from sqlalchemy import func, select

from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role, Secret
from serving.accounts.service import provisioning
from serving.accounts.service.proving import FactorResponse
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.cases.rules.case_brand import Naming
from serving.cases.service.decision_context import Answer
from serving.cases.service.opening import open_by_choice
from serving.cases.service.removal_approvals import pending_removals, record_vote
from serving.cases.service.review import record_verdict
from serving.cases.store import cases
from serving.cases.tables import verdict
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings
from serving.mail.rules.kinds import MailKind
from serving.platform.clock import SystemClock
from serving.takedowns.policy import DEFAULT_BUDGETS, DEFAULT_BURSTS, BudgetPolicy, TellingPolicy
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.tables import action
from serving.webhooks.service.delivery import deliver_due
from tests.fixtures.factors import App, session_with_app, with_a_counting_factor
from tests.fixtures.mails import stored_mails
from tests.fixtures.puppets import invited_person
from tests.fixtures.reporting import a_draft, a_leader, a_marketplace_that_listens, action_states, on_sale
from tests.fixtures.runtimes import PASSWORD, Site, a_row, judge, open_cases
from tests.fixtures.stepping_up import TOOL, in_full_standing, prove_second_factor, waiting_report
from tests.fixtures.submitting import submit_report
from tests.serving.attacks.test_stolen_brand_accounts import puppets_of
from tests.serving.web.visits import visit_as, words

pytestmark = [pytest.mark.attack, pytest.mark.timeout(1_800)]
Act = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Size:
    """The limits of a drill and its pace: so many attempts an hour, up to so many a day, for so many days."""

    budgets: BudgetPolicy
    an_hour: int
    a_day: int
    days: int

    def on(self, site: Site) -> Site:
        """The site with these limits; routing draws nothing."""
        bursts = replace(DEFAULT_BURSTS, per_user=self.an_hour, per_brand=2 * self.an_hour)
        policies = site.runtime.policies.changed(self.budgets, bursts)
        return replace(site, runtime=replace(site.runtime, policies=policies, draw=lambda: 0.999))


_SMALL = replace(DEFAULT_BUDGETS, person_day=2, person_week=3, routed_day=3, new_device_day=1, step_up_day=4)
_TENTH = replace(DEFAULT_BUDGETS, person_day=10, person_week=60, step_up_day=30)
_SOAK = pytest.mark.soak
SIZES = [
    pytest.param(Size(_SMALL, 1, 2, 2), id="small"),
    pytest.param(Size(DEFAULT_BUDGETS, 20, 480, 1), id="24 hours, greedy", marks=_SOAK),
    pytest.param(Size(DEFAULT_BUDGETS, 20, 40, 7), id="7 days, quiet", marks=_SOAK),
]


@contextmanager
def at_work(site: Site, size: Size) -> Iterator[Site]:
    """The site with the limits of a drill, and a marketplace that acknowledges what it is told."""
    with a_marketplace_that_listens(site):
        yield size.on(site)


def attempts(site: Site, size: Size, act: Act, *, first: int = 0) -> None:
    """Let the thief act hour by hour, and send what is due."""
    number = first
    for _ in range(size.days):
        begun = site.clock.now()
        for today in range(0, size.a_day, size.an_hour):
            batch = min(size.an_hour, size.a_day - today)
            act(on_sale(site, batch, number))
            number += batch
            site.clock.forward(hours=1)
            send_due(site)
        if size.days > 1:
            site.clock.forward(seconds=(begun + timedelta(days=1) - site.clock.now()).total_seconds())


def send_due(site: Site) -> None:
    """Send what is due; the receiver checks the signatures by real time."""
    deliver_due(replace(site.runtime, wall=SystemClock()), site.marketplace_id)


def acknowledged_removals(site: Site) -> int:
    """The number of removals that the receiver has acknowledged."""
    query = select(func.count()).where(action.c.kind == "remove", action.c.state == "acknowledged")
    with site.runtime.store.read() as connection:
        return connection.execute(query).scalar_one()


def was_mailed_in_time(site: Site, other: Person) -> bool:
    """Whether somebody who can stop it was mailed of each person's first removal of each day."""
    first: dict[tuple[str, str], datetime] = {}
    query = select(verdict.c.user_id, action.c.created_at).join(action, action.c.verdict_id == verdict.c.verdict_id)
    with site.runtime.store.read() as connection:
        for user_id, at in connection.execute(query.order_by(action.c.created_at)):
            first.setdefault((user_id, at.date().isoformat()), at)
    mails = [mail.queued_at for mail in stored_mails(site, MailKind.REMOVALS_TOLD) if mail.user_id == other.user_id]
    return all(any(timedelta(0) <= sent - at <= timedelta(hours=1) for sent in mails) for at in first.values())


def removals_of_secret(size: Size) -> int:
    """What one secret sends in the days of a drill."""
    return min(size.budgets.person_week, size.days * size.budgets.person_day)


def remove_by_choice(site: Site, person: Person, name: str) -> None:
    """Open a case on a listing that nobody flagged, under a typed mark and owner, and confirm it."""
    case_id = open_by_choice(site.runtime, person, site.read(listings.id_of, site.marketplace_id, name) or "")
    case = site.read(cases.get, site.marketplace_id, case_id)
    naming = Naming.of(brand_id=None, mark="Vela Nord", owner="Vela AG", reason="The label is of another mark.")
    record_verdict(site.runtime, person, Answer(case_id, case.version_id, Judgement.COUNTERFEIT, naming=naming))


def remove_routed(site: Site, person: Person, names: list[str]) -> None:
    """Confirm cases that routing opened, of a brand that cannot be asked."""
    rows = [
        a_row(
            external_id=f"{name} routed",
            title="Solenne tote in grained leather, grey",
            brand="Solenne",
            seller={"external_id": f"closet-{name}"},
        )
        for name in names
    ]
    receive_rows(replace(site.runtime, draw=lambda: 0.0), site.marketplace, rows, source="test")
    for case in open_cases(site):
        judge(site, person, case, Judgement.COUNTERFEIT)


@pytest.mark.parametrize("size", SIZES)
def test_a_stolen_brand_session_with_a_key_and_puppets_gets_at_most_one_budget_out(site: Site, size: Size) -> None:
    """The key goes on after the owner's password has changed: it counts with the session, and so do the puppets."""
    with at_work(site, size) as busy_site:
        lead = a_leader(busy_site)
        people = cycle((lead, lead, *puppets_of(busy_site, lead)))
        tools = cycle((None, TOOL))

        def report_all(names: list[str]) -> None:
            tool = next(tools)
            draft = replace(a_draft(busy_site, names, names[0]), by_program=tool is not None, tool=tool)
            submit_report(busy_site.runtime, next(people), draft)

        attempts(busy_site, size, report_all)
        assert 0 < acknowledged_removals(busy_site) <= removals_of_secret(size)
        assert was_mailed_in_time(busy_site, busy_site.account_manager)


@pytest.mark.parametrize("size", SIZES)
def test_without_a_mail_server_a_stolen_session_waits_above_a_few_and_the_pages_tell(site: Site, size: Size) -> None:
    with at_work(site, size) as working:
        telling = TellingPolicy(untold_a_day=size.budgets.person_day // 2)
        policies = working.runtime.policies.changed(telling)
        telling_site = replace(working, runtime=replace(working.runtime, policies=policies))
        attempts(telling_site, size, lambda names: _report(telling_site, names))
        assert 0 < acknowledged_removals(telling_site) <= size.days * telling.untold_a_day
        page = words(visit_as(telling_site, telling_site.account_manager).get("/brands").text)
        assert f"in the name of {telling_site.brand_person.name}" in page


@pytest.mark.parametrize("size", SIZES)
def test_an_administrator_with_puppets_gets_no_chosen_listing_out_alone(site: Site, size: Size) -> None:
    with at_work(site, size) as busy_site:
        puppets = cycle(puppets_of_an_administrator(busy_site))

        def remove_all(names: list[str]) -> None:
            for name in names:
                remove_by_choice(busy_site, next(puppets), name)

        attempts(busy_site, size, remove_all)
        assert acknowledged_removals(busy_site) == 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("who", ["new device", *(pytest.param(who, marks=_SOAK) for who in ("puppets", "analyst"))])
def test_an_analyst_gets_at_most_the_days_of_routed_cases_out(site: Site, size: Size, who: str) -> None:
    with at_work(site, size) as busy_site:
        since = None if who == "new device" else busy_site.runtime.wall.now() - timedelta(days=30)
        thieves = puppets_of_an_administrator(busy_site) if who == "puppets" else (busy_site.analyst,)
        people = cycle(replace(person, secret=Secret("session:stolen", since)) for person in thieves)
        watching = an_administrator(busy_site, "Eve Okoye")
        attempts(busy_site, size, lambda names: remove_routed(busy_site, next(people), names))
        # In the owner's own browser and at the owner's pace the evening's mail alone tells a thief apart.
        assert since is not None or was_mailed_in_time(busy_site, watching)
        a_day = size.budgets.new_device_day if who == "new device" else size.budgets.routed_day
        assert who == "puppets" or acknowledged_removals(busy_site)
        assert acknowledged_removals(busy_site) <= size.days * a_day


def puppets_of_an_administrator(site: Site) -> tuple[Person, ...]:
    """Three analysts whom an administrator invited, and who are that administrator."""
    administrator = an_administrator(site, "Ada Nwosu")
    return tuple(invited_person(site, administrator, f"puppet-{n}", Role.ANALYST) for n in range(3))


def an_administrator(site: Site, name: str) -> Person:
    """An administrator whom the owner of the data directory added."""
    new = NewPerson(f"{name[:3].lower()}@touchstone.example", name, Role.ADMIN, password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, new, by="test")
    return site.read(accounts.person, user_id)


@pytest.mark.parametrize(
    ("size", "listings_a_day"),
    [
        pytest.param(Size(_SMALL, 1, 1, 1), 3, id="small", marks=_SOAK),
        pytest.param(Size(DEFAULT_BUDGETS, 20, 40, 1), 300, id="24 hours", marks=_SOAK),
        pytest.param(Size(_TENTH, 20, 10, 7), 25, id="7 days", marks=_SOAK),
    ],
)
def test_two_stolen_things_get_one_day_of_large_reports_out_and_wait_for_the_hour(
    site: Site, size: Size, listings_a_day: int
) -> None:
    """Ordinary removals count in the same 24 hours, and so does a report of the evening before."""
    with at_work(in_full_standing(site), size) as busy_site:
        a_leader(busy_site)
        app, _ = with_a_counting_factor(busy_site, busy_site.brand_person)
        busy_site.clock.forward(hours=23 - busy_site.clock.now().hour)
        for day in range(size.days):
            send_due(busy_site)  # A report of the night before has left in the morning.
            begun, before = busy_site.clock.now(), acknowledged_removals(busy_site)
            confirm_large_report(busy_site, app, on_sale(busy_site, listings_a_day, 20_000 * day + 10_000))
            busy_site.clock.forward(minutes=59)
            send_due(busy_site)
            assert acknowledged_removals(busy_site) == before
            busy_site.clock.forward(minutes=61)
            if day + 1 == size.days:
                confirm_large_report(busy_site, app, on_sale(busy_site, listings_a_day, 20_000 * day + 20_000))
            attempts(busy_site, replace(size, days=1), lambda names: _report(busy_site, names), first=1_000 * day)
            busy_site.clock.forward(seconds=(begun + timedelta(days=1) - busy_site.clock.now()).total_seconds())
        send_due(busy_site)
        assert listings_a_day <= acknowledged_removals(busy_site) <= size.days * size.budgets.step_up_day


def confirm_large_report(site: Site, app: App, names: list[str]) -> None:
    """Confirm a report with both secrets, in a session of its own."""
    session = session_with_app(site, site.brand_person, app)
    prove_second_factor(site.runtime, session, waiting_report(site, names, names[0]), FactorResponse(app.code(site)))


def _report(site: Site, names: list[str]) -> None:
    submit_report(site.runtime, site.brand_person, a_draft(site, names, names[0]))


def test_above_the_day_of_the_marketplace_an_administrator_approves(site: Site) -> None:
    """However many accounts of other people remove; two analysts and an account manager are not enough."""
    limited_site = Size(replace(DEFAULT_BUDGETS, marketplace_day=1), 20, 40, 1).on(site)
    remove_routed(limited_site, limited_site.analyst, ["first"])
    administrator = an_administrator(limited_site, "Ben Osei")
    (name,) = on_sale(limited_site, 1)
    _report(limited_site, [name])
    assert administrator.user_id in {mail.user_id for mail in stored_mails(site, MailKind.PENDING_REMOVALS)}
    (pending,) = pending_removals(limited_site.runtime, limited_site.analyst)
    assert pending.approval.causes == {PendingCause.MARKETPLACE_DAY}
    for person in (limited_site.second_analyst, limited_site.account_manager):
        assert (
            record_vote(limited_site.runtime, person, pending.action.action_id, Decision.APPROVE, "Looked at it.")
            is None
        )
    (seen,) = pending_removals(limited_site.runtime, administrator)
    assert seen.able == (administrator.name,)
    assert (
        record_vote(limited_site.runtime, administrator, pending.action.action_id, Decision.APPROVE, "A busy day.")
        is Decision.APPROVE
    )


@pytest.mark.soak
def test_an_honest_brand_after_six_weeks_of_record_has_a_usual_week_without_a_hold(site: Site) -> None:
    """15 to 25 removals a working day, of one person; `tests/serving/takedowns/rules/test_budgets.py` has it small."""
    standing_site, chance = in_full_standing(site), random.Random(7)
    working_days(standing_site, 7, lambda: chance.randint(15, 25), lambda names: _report(standing_site, names))
    assert set(action_states(standing_site)) == {"scheduled"}


@pytest.mark.soak
def test_an_honest_analyst_has_a_usual_week_without_a_hold(site: Site) -> None:
    """60 to 90 removals a working day of cases that routing opened, from a known device."""
    chance, since = random.Random(7), site.runtime.wall.now() - timedelta(days=30)
    analyst = replace(site.analyst, secret=Secret("session:own", since))
    working_days(site, 1, lambda: chance.randint(60, 90), lambda names: remove_routed(site, analyst, names))
    assert set(action_states(site)) == {"scheduled"}


def working_days(site: Site, weeks: int, a_day: Callable[[], int], act: Act) -> None:
    """Work from nine to five on the days of the week, hour by hour."""
    for day in range(7 * weeks):
        begun, done = site.clock.now(), 0
        today = a_day() if begun.weekday() < 5 else 0
        for hour in range(8):
            batch = today * (hour + 1) // 8 - done
            if batch:
                act(on_sale(site, batch, 1_000 * day + done))
            done += batch
            site.clock.forward(hours=1)
        site.clock.forward(seconds=(begun + timedelta(days=1) - site.clock.now()).total_seconds())
