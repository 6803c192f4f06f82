"""Takedown requests: each listing follows the rules of a single confirmation and affects no other."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select

from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Grant, Role
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.brands.rules.rights import RightKind
from serving.brands.service.brand_file import set_sales_territory
from serving.brands.tables import notice_basis
from serving.cases.rules.takedown_request import Fate
from serving.cases.service.takedown_requests import confirm_all, takedown_result, withdraw
from serving.cases.store import queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter
from serving.cases.tables import takedown_request, verdict
from serving.listings.service.intake import receive_rows
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from serving.standing.tables import confirmation
from serving.takedowns.service.evidence import verify
from serving.takedowns.tables import action, evidence_part
from tests.fixtures.reporting import action_states, new_takedown_request, questions, request_takedown, right_of
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, having, invite, judge, open_cases
from tests.fixtures.stepping_up import in_level
from tests.serving.brands.service.test_rights import verify_mark
from tests.serving.web.test_brand_page import a_person_of

CAP = 20


def brand_verdicts(site: Site) -> int:
    with site.runtime.store.read() as connection:
        query = select(func.count()).select_from(verdict).where(verdict.c.side == Side.BRAND.value)
        return int(connection.execute(query).scalar_one())


def test_each_listing_has_its_verdict_removal_statement_basis_evidence_and_entry_in_one_go(any_site: Site) -> None:
    cases = having(any_site, questions, 5)
    done = request_takedown(any_site, cases)
    assert done.counts == {Fate.LEAVES: 5, Fate.PENDING_APPROVAL: 0, Fate.PASSED_ON: 0, Fate.REFUSED: 0}
    assert [case.case_id for case in done.items] == [case.case_id for case in cases]
    with any_site.runtime.store.read() as connection:
        removals = connection.execute(select(action)).all()
        bases = set(connection.execute(select(notice_basis.c.right_id)).scalars())
        acts = Counter(connection.execute(select(audit_entry.c.act)).scalars())
        weighed = connection.execute(select(func.count()).select_from(confirmation)).scalar_one()
        parts = connection.execute(select(func.count()).select_from(evidence_part)).scalar_one()
        assert audit.check_chain(connection)[1] is None
    assert {(removal.state, removal.created_at, bool(removal.statement["facts"])) for removal in removals} == {
        ("scheduled", any_site.clock.now(), True)
    }
    assert bases == {right_of(any_site)}
    assert (len(removals), weighed, parts) == (5, 5, 5 * 5)
    assert (acts["remove.scheduled"], acts["takedown.requested"]) == (5, 1)
    assert verify(any_site.runtime, any_site.marketplace)["differing"] == []
    assert open_cases(any_site) == []


def excess(site: Site, many: int) -> None:
    cases = having(site, questions, many)
    in_level(site, Level.FULL)
    began = time.monotonic()
    done = request_takedown(site, cases)
    took = time.monotonic() - began
    assert done.counts == {Fate.LEAVES: CAP, Fate.PENDING_APPROVAL: many - CAP, Fate.PASSED_ON: 0, Fate.REFUSED: 0}
    assert action_states(site) == {"scheduled": CAP, "pending_approval": many - CAP}
    assert brand_verdicts(site) == many
    # Measured: 300 in 2.4 s on SQLite and 7 s on PostgreSQL, with two other test runs beside them on two cores.
    assert took < 60


def test_removals_beyond_the_hourly_caps_are_pending_approval(any_site: Site) -> None:
    excess(any_site, CAP + 3)


@pytest.mark.both_engines
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_three_hundred_listings_are_confirmed_by_one_click(any_site: Site) -> None:
    excess(any_site, 300)


def test_of_a_brand_that_lost_its_standing_a_few_a_day_leave_and_an_analyst_decides_the_rest(any_site: Site) -> None:
    in_level(any_site, Level.CAPPED)
    daily = any_site.runtime.policies[StandingPolicy].capped_daily
    done = request_takedown(any_site, having(any_site, questions, daily + 2))
    assert done.counts[Fate.LEAVES] == daily
    assert done.counts[Fate.PASSED_ON] == 2
    assert len(open_cases(any_site, CaseLane.ANALYST)) == 2


def test_one_listing_that_is_refused_leaves_no_trace_and_touches_no_other(any_site: Site) -> None:
    decided, changed, strangers, *rest = having(any_site, questions, 5)
    judge(any_site, any_site.brand_person, decided, Judgement.GENUINE)
    row = a_suspect_row(external_id=external_id(any_site, changed), price="77.00")
    receive_rows(any_site.runtime, any_site.marketplace, [row], source="test")
    unknown = replace(strangers, case_id="cas_00000000000000000000000000")
    before = brand_verdicts(any_site)
    done = request_takedown(any_site, [decided, changed, unknown, *rest])
    assert done.counts == {Fate.LEAVES: 2, Fate.PENDING_APPROVAL: 0, Fate.PASSED_ON: 0, Fate.REFUSED: 3}
    refusals = [str(listing.refusal) for listing in done.items[:3]]
    assert refusals[0] == "The case has been decided already."
    assert "The listing has changed" in refusals[1]
    assert refusals[2] == "There is no such case."
    assert brand_verdicts(any_site) == before + 2
    assert [listing.external_id is None for listing in done.items] == [False, False, True, False, False]


def external_id(site: Site, case: Case) -> str:
    rows = site.read(queues.queue, queues.QueueFilter(frozenset({site.marketplace_id})), most=100)
    return next(str(row["external_id"]) for row in rows if row["case_id"] == case.case_id)


def test_under_a_right_that_has_ended_nothing_is_recorded_and_the_answer_says_why(any_site: Site) -> None:
    set_sales_territory(any_site.runtime, ["FR"], marketplace=None, by="test")
    right_id = verify_mark(any_site, last_day=any_site.clock.now() + timedelta(days=1))
    cases = having(any_site, questions, 2)
    any_site.clock.forward(days=3)
    before = brand_verdicts(any_site)
    done = confirm_all(
        any_site.runtime, any_site.brand_person, new_takedown_request(any_site, cases, right_id=right_id)
    )
    assert done.counts[Fate.REFUSED] == 2
    assert "(EUIPO 018000001) expired on" in str(done.items[0].refusal)
    assert brand_verdicts(any_site) == before


def test_a_right_that_does_not_speak_of_the_reason_carries_nothing_though_another_would(site: Site) -> None:
    cases = having(site, questions, 1)
    done = confirm_all(
        site.runtime, site.brand_person, new_takedown_request(site, cases, right_id=right_of(site, RightKind.COPYRIGHT))
    )
    assert done.counts[Fate.REFUSED] == 1
    assert "needs a mark" in str(done.items[0].refusal)


def test_another_brands_right_and_listings_are_as_if_they_were_not_there(site: Site) -> None:
    cases = having(site, questions, 1)
    stranger = a_person_of(site, "Corvane")
    with pytest.raises(NotFound, match="There is no such right"):
        request_takedown(site, cases, stranger)
    done = request_takedown(site, cases)
    with pytest.raises(NotFound, match="There is no such takedown request"):
        takedown_result(site.runtime, stranger, done.request.request_id)
    colleague = invite(site.runtime, "noor@aurelle.example", "Noor Said", Role.BRAND, "Aurelle")
    with pytest.raises(NotFound, match="There is no such takedown request"):
        confirm_all(site.runtime, colleague, new_takedown_request(site, cases, request_id=done.request.request_id))


def test_an_analyst_confirms_under_no_brands_right(site: Site) -> None:
    with pytest.raises(NotFound):
        request_takedown(site, having(site, questions, 1), site.analyst)


@pytest.mark.parametrize(
    ("many", "good_faith", "request_id", "expected"),
    [
        (301, True, None, "at most 300 listings, not 301"),
        (0, True, None, "at least one"),
        (1, False, None, "in good faith"),
        (1, True, "tdn_short", "26 letters"),
    ],
)
def test_a_request_that_cannot_be_taken_records_nothing(
    site: Site, many: int, good_faith: bool, request_id: str | None, expected: str
) -> None:
    (case,) = having(site, questions, 1)
    cases = [replace(case, case_id=f"cas_{number}") for number in range(many)] if many != 1 else [case]
    takedown = replace(new_takedown_request(site, cases, request_id=request_id), good_faith=good_faith)
    with pytest.raises(Invalid, match=expected):
        confirm_all(site.runtime, site.brand_person, takedown)
    assert site.rows(select(takedown_request)) == []
    assert brand_verdicts(site) == 0


@pytest.mark.both_engines
def test_the_same_form_sent_twice_counts_once(any_site: Site) -> None:
    takedown = new_takedown_request(
        any_site, having(any_site, questions, 2), request_id=any_site.runtime.ids.new("tdn")
    )
    first = confirm_all(any_site.runtime, any_site.brand_person, takedown)
    assert confirm_all(any_site.runtime, any_site.brand_person, takedown) == first
    assert brand_verdicts(any_site) == 2


def test_all_confirmations_are_undone_together_within_the_window(any_site: Site) -> None:
    done = request_takedown(any_site, having(any_site, questions, 4))
    request_id = done.request.request_id
    any_site.clock.forward(seconds=100)
    assert withdraw(any_site.runtime, any_site.brand_person, request_id) == 4
    assert action_states(any_site) == {"withdrawn": 4}
    assert len(open_cases(any_site, CaseLane.ASK_BRAND)) == 4
    assert all(listing.undone for listing in takedown_result(any_site.runtime, any_site.brand_person, request_id).items)
    assert any_site.read(audit.check_chain)[1] is None


def test_a_request_is_undone_only_by_its_author_and_in_time(site: Site) -> None:
    done = request_takedown(site, having(site, questions, 1))
    colleague = invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    with pytest.raises(Forbidden, match="Somebody else made this request"):
        withdraw(site.runtime, colleague, done.request.request_id)
    site.clock.forward(minutes=4)
    with pytest.raises(Conflict, match="undo window has closed"):
        withdraw(site.runtime, site.brand_person, done.request.request_id)


@pytest.mark.parametrize(
    ("role", "brand", "refusal"),
    [
        (Role.BRAND, "Nordfjell", "There is no such case."),
        (Role.ANALYST, None, "Only a brand's own people confirm under its right."),
    ],
)
def test_a_request_covers_no_case_of_the_person_s_other_roles(
    site: Site, role: Role, brand: str | None, refusal: str
) -> None:
    marketplace_id, person = site.marketplace_id, site.brand_person
    other = a_person_of(site, "Nordfjell").grants[0].brand_id if brand else None
    with site.runtime.store.write() as connection:
        accounts.add_grants(connection, person.user_id, [Grant(role, marketplace_id, other)], site.clock.now())
        person = accounts.person(connection, person.user_id)
    case = a_case(site, CaseLane.ASK_BRAND, **({"title": f"{brand} parka 1:1 mirror quality"} if brand else {}))
    assert case.brand_id == (other or site.brand_id)
    (listing,) = request_takedown(site, [case], person).items
    assert str(listing.refusal) == refusal


# Concurrent answers on every case: each case is decided and removed once, and audited in one chain.

THREADS = 8
# Small: enough that threads meet. Full size: five runs, because one clean run of a race says nothing.
SIZES = [(8, 0), *(pytest.param(200, run, marks=pytest.mark.soak) for run in range(5))]


@dataclass
class Tally:
    """The results of the threads; `others` has the errors other than a refusal."""

    decided: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    others: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def open_questions(site: Site, count: int) -> list[Case]:
    """That many questions in the brand's queue, each about a listing of its own."""
    rows = [a_suspect_row(external_id=f"MP-{i}", seller={"external_id": f"seller-{i}"}) for i in range(count)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    for case in open_cases(site, CaseLane.ANALYST):
        judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    questions = open_cases(site, CaseLane.ASK_BRAND)
    assert len(questions) == count
    return questions


def contend(site: Site, cases: list[Case], seed: int) -> Tally:
    """Eight threads of two people of the brand confirm every case: half in one order, half in orders of their own."""
    people = [site.brand_person, invite(site.runtime, "noor@aurelle.example", "Noor Haddad", Role.BRAND, "Aurelle")]
    tally, start = Tally(), threading.Barrier(THREADS)

    def confirm(number: int) -> None:
        order = list(cases)
        if number % 2:
            random.Random(seed * THREADS + number).shuffle(order)
        start.wait()
        for case in order:
            try:
                judge(site, people[number % 2], case, Judgement.COUNTERFEIT)
            except Conflict:
                with tally.lock:
                    tally.refused += 1
            except BaseException as error:  # a thread's errors are the test's to judge
                with tally.lock:
                    tally.others.append(error)
            else:
                with tally.lock:
                    tally.decided[case.case_id] += 1

    threads = [threading.Thread(target=confirm, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


@pytest.mark.both_engines
@pytest.mark.parametrize(("count", "run"), SIZES)
def test_of_eight_threads_exactly_one_confirms_each_case(any_site: Site, count: int, run: int) -> None:
    in_level(any_site, Level.FULL)
    cases = open_questions(any_site, count)
    tally = contend(any_site, cases, run)
    assert tally.others == []
    assert tally.decided == {case.case_id: 1 for case in cases}
    assert tally.refused == (THREADS - 1) * count
    assert removals_by_listing(any_site) == {case.listing_id: 1 for case in cases}
    assert forks(any_site) == 0
    assert rows(any_site, verdict) == 2 * count  # The analyst's, and the one confirmation.
    with any_site.runtime.store.read() as connection:
        assert audit.check_chain(connection)[1] is None
        assert queues.queue(connection, QueueFilter(frozenset({any_site.marketplace_id})), most=1) == []


def removals_by_listing(site: Site) -> dict[str, int]:
    query = select(action.c.listing_id, func.count()).group_by(action.c.listing_id)
    with site.runtime.store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def forks(site: Site) -> int:
    """Audit entries that follow the same entry as another does."""
    query = select(func.count() - func.count(audit_entry.c.previous_hash.distinct())).select_from(audit_entry)
    with site.runtime.store.read() as connection:
        return int(connection.execute(query).scalar_one())


def rows(site: Site, table: Table) -> int:
    with site.runtime.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
