"""Many reports of two brands at once, each sent twice and some killed in between: one outcome a listing.

The clients are threads in which a client's end is an error, and processes that are killed by SIGKILL.
"""

import itertools
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import func, select

from serving.accounts.rules.access import Person, Role
from serving.audit.service.verification import is_whole, verify
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.brands.rules.rights import RightKind
from serving.brands.store import rights
from serving.cases.tables import verdict
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import AT_FIRST, Code, ListingResult
from serving.reports.service.reporting import settle_listing
from serving.reports.service.submitting import Draft
from serving.reports.tables import report as report_table
from serving.reports.tables import report_item, report_outcome
from serving.takedowns.tables import action
from serving.webhooks.tables import listing_request
from tests.fixtures.processes import Process, ProcessKilled, a_process
from tests.fixtures.reported_kinds import Kinds, every_kind
from tests.fixtures.reporting import a_draft, a_rival
from tests.fixtures.runtimes import Site, invite, supply_rights
from tests.fixtures.submitting import SubmittedReport, submit_report

CLIENTS = 8
IN_A_ROUND = 40  # The clock moves between rounds: standing, caps and quotas change while reports are repeated.
FULL = pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(2_000)])
SCHEDULES = {ListingResult.SCHEDULED, ListingResult.PENDING_APPROVAL}


@dataclass(frozen=True, slots=True)
class ReportToSend:
    """A report that a person sends.

    Where `killed_before` is set, the first sending ends before its listing of this number, from 0. After the last one,
    everything is stored and the answer is lost.
    """

    person: Person
    draft: Draft
    killed_before: int | None


@dataclass(slots=True)
class ReportTally:
    """The answers by key, the reports whose client was killed, and the errors of any other kind."""

    answers: defaultdict[str, list[SubmittedReport]] = field(default_factory=lambda: defaultdict(list))
    killed: Counter[str] = field(default_factory=Counter)
    others: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


Send = Callable[[ReportToSend, int | None], SubmittedReport]


@contextmanager
def by_threads(site: Site, patch: pytest.MonkeyPatch) -> Iterator[Send]:
    """A client's thread ends inside a transaction when its countdown ends."""
    countdown = threading.local()

    def counted(*arguments: object) -> ListingResult:
        _count_down()
        return settle_listing(*arguments)  # type: ignore[arg-type]  # the arguments of the real function

    def _count_down() -> None:
        if countdown.left == 0:
            raise ProcessKilled
        countdown.left = None if countdown.left is None else countdown.left - 1

    def send(report: ReportToSend, killed_before: int | None) -> SubmittedReport:
        countdown.left = killed_before
        done = submit_report(site.runtime, report.person, report.draft)
        _count_down()
        return done

    patch.setattr("serving.reports.service.submitting.settle_listing", counted)
    yield send
    patch.undo()


@contextmanager
def by_processes(site: Site, clients: int) -> Iterator[Send]:
    """Clients in processes of their own. Another takes the place of one that was killed."""
    idle = SimpleQueue[Process]()
    with ExitStack() as running:

        def start() -> Process:
            return running.enter_context(a_process(report_until_killed, site.runtime.settings))

        def send(report: ReportToSend, killed_before: int | None) -> SubmittedReport:
            client = idle.get()
            try:
                answer = client.ask((report.person, report.draft, killed_before), site.clock.now())
                if isinstance(answer, SubmittedReport):
                    return answer
                client.kill()
                client = start()
                raise ProcessKilled
            finally:
                idle.put(client)

        for _ in range(clients):
            idle.put(start())
        yield send


def report_until_killed(runtime: Runtime, request: Any, pipe: "Connection[Any, Any]") -> SubmittedReport:
    """Send a report in a client's process, or wait inside it until the process is killed."""
    person, draft, killed_before = request
    few = replace(runtime.policies[ReportPolicy], at_once=2)  # A report takes several transactions.
    stepwise_runtime = replace(runtime, policies=runtime.policies.changed(few))
    settled = itertools.count()

    def await_the_end() -> None:
        pipe.send("It can be killed now.")
        pipe.recv()

    def counted(*arguments: object) -> ListingResult:
        if next(settled) == killed_before:
            await_the_end()
        return settle_listing(*arguments)  # type: ignore[arg-type]  # the arguments of the real function

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.reports.service.submitting.settle_listing", counted)
        done = submit_report(stepwise_runtime, person, draft)
    if killed_before is not None:
        await_the_end()
    return done


def people_of(site: Site) -> list[Person]:
    """Two people of the brand, and one of another that takes part."""
    a_rival(site)
    supply_rights(site.runtime, "Nordfjell")
    return [
        site.brand_person,
        invite(site.runtime, "noor@aurelle.example", "Noor Haddad", Role.BRAND, "Aurelle"),
        invite(site.runtime, "liv@nordfjell.example", "Liv Berg", Role.BRAND, "Nordfjell"),
    ]


def mixes(
    site: Site, names_by_kind: Kinds, people: list[Person], many: int, killed_share: float, chance: random.Random
) -> list[ReportToSend]:
    """Reports of one to six listings of random kinds, a share of them killed once."""
    kinds = [kind for kind in names_by_kind.__slots__ if getattr(names_by_kind, kind)]
    with site.runtime.store.read() as connection:
        marks = {
            person.user_id: next(
                stored_right.right.right_id
                for grant in person.grants
                if grant.brand_id and grant.marketplace_id
                for stored_right in rights.rights_of(connection, (grant.marketplace_id, grant.brand_id))
                if stored_right.right.kind is RightKind.MARK
            )
            for person in people
        }
    reports = []
    for number in range(many):
        named = [chance.choice(getattr(names_by_kind, chance.choice(kinds))) for _ in range(chance.randint(1, 6))]
        person = chance.choices(people, weights=(4, 4, 2))[0]
        draft = replace(a_draft(site, named, f"key {number}"), right_id=marks[person.user_id])
        killed = chance.randint(0, len(named)) if chance.random() < killed_share else None
        reports.append(ReportToSend(person, draft, killed))
    return reports


def send_all(site: Site, reports: list[ReportToSend], chance: random.Random, send_one: Send) -> ReportTally:
    """Every report twice by eight clients in one shuffled order; those killed both times once more."""
    tally, sendings = ReportTally(), reports * 2
    chance.shuffle(sendings)

    def send(report: ReportToSend) -> None:
        key = report.draft.request_key
        with tally.lock:
            first = not tally.killed[key] and not tally.answers[key]
        try:
            done = send_one(report, report.killed_before if first else None)
        except ProcessKilled:
            with tally.lock:
                tally.killed[key] += 1
        except BaseException as error:  # a client's errors are the test's to judge
            with tally.lock:
                tally.others.append(error)
        else:
            with tally.lock:
                tally.answers[key].append(done)

    with ThreadPoolExecutor(CLIENTS) as pool:
        for start in range(0, len(sendings), IN_A_ROUND):
            list(pool.map(send, sendings[start : start + IN_A_ROUND]))
            site.clock.forward(minutes=40)
        list(pool.map(send, [report for report in reports if not tally.answers[report.draft.request_key]]))
    return tally


@pytest.mark.both_engines
@pytest.mark.parametrize("many", [8, FULL])
def test_each_listing_of_each_report_has_one_outcome_and_a_repeated_key_one_reply(
    any_site: Site, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with by_threads(any_site, monkeypatch) as send:
        _one_outcome_and_one_reply(any_site, many, 0.2, send)


@pytest.mark.soak
@pytest.mark.parametrize("many", [8, FULL])
def test_clients_killed_in_the_middle_of_a_report_leave_one_outcome_and_one_reply(any_site: Site, many: int) -> None:
    with by_processes(any_site, min(CLIENTS, many // 4)) as send:
        # A process takes a second or two for its first report, so few are killed.
        _one_outcome_and_one_reply(any_site, many, 0.2 if many < 100 else 0.05, send)


def _one_outcome_and_one_reply(site: Site, many: int, killed_share: float, send: Send) -> None:
    chance = random.Random(many)
    people = people_of(site)
    names_by_kind = every_kind(site, many)
    reports = mixes(site, names_by_kind, people, many, killed_share, chance)
    tally = send_all(site, reports, chance, send)
    assert tally.others == []
    assert sum(tally.killed.values()) > many * killed_share / 4, "some clients were killed"
    for report in reports:
        first, *again = tally.answers[report.draft.request_key]
        assert all(other == first for other in again)
        assert [done.number for done in first.outcomes] == list(range(1, len(report.draft.locations) + 1))
        assert sum(first.counts.values()) == len(report.draft.locations)
    _assert_stored(site, reports)
    _nothing_is_doubled_or_lost(site, names_by_kind, tally)
    assert is_whole(verify(site.runtime))


def _assert_stored(site: Site, reports: list[ReportToSend]) -> None:
    with site.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(report_table)).scalar_one() == len(reports)
        items = {tuple(row) for row in connection.execute(select(report_item.c.report_id, report_item.c.number))}
        steps = connection.execute(
            select(report_outcome.c.report_id, report_outcome.c.number, report_outcome.c.step)
        ).all()
        assert audit.check_chain(connection)[1] is None
    assert len(items) == sum(len(report.draft.locations) for report in reports)
    assert {tuple(row)[:2] for row in steps} == items
    assert len(steps) == len(items), "nothing has a second step"


def _nothing_is_doubled_or_lost(site: Site, names_by_kind: Kinds, tally: ReportTally) -> None:
    outcomes = [outcome for answers in tally.answers.values() for outcome in answers[0].outcomes]
    by_kind: defaultdict[str, set[Code]] = defaultdict(set)
    for outcome in outcomes:
        by_kind[names_by_kind.kind_of(outcome.location)].add(outcome.code)
        assert outcome.result in AT_FIRST
    assert Code.AUTHORISED_SELLER in by_kind["authorised"]
    assert by_kind["unknown"] <= {Code.NOT_KNOWN, Code.NAMED_TWICE}
    assert by_kind["removed"] <= {Code.ALREADY_REMOVED, Code.OTHER_BRAND, Code.NAMED_TWICE}
    removed = [outcome for outcome in outcomes if outcome.result in SCHEDULES]
    answered = [outcome for outcome in outcomes if outcome.verdict_id is not None]
    with site.runtime.store.read() as connection:
        marked = set(connection.execute(select(verdict.c.verdict_id).where(verdict.c.reported.is_(True))).scalars())
        removals = connection.execute(select(action.c.verdict_id, action.c.listing_id, action.c.action_id)).all()
        acts = Counter(
            connection.execute(
                select(audit_entry.c.subject).where(
                    audit_entry.c.act.in_(["remove.scheduled", "remove.pending_approval"])
                )
            ).scalars()
        )
        requests = Counter(connection.execute(select(listing_request.c.location)).scalars())
    assert {outcome.verdict_id for outcome in answered} == marked
    assert len(answered) == len(marked), "a verdict answers one listing of one report"
    by_verdict = {row.verdict_id: row for row in removals}
    assert len({outcome.listing_id for outcome in removed}) == len(removed), "a listing is removed once"
    assert all(acts[by_verdict[outcome.verdict_id].action_id] == 1 for outcome in removed)
    assert sum(row.verdict_id in marked for row in removals) == len(removed)
    named = {outcome.location for outcome in outcomes if outcome.result is ListingResult.UNKNOWN}
    assert requests == dict.fromkeys(named, 1)
