"""Many reports of two brands at once, each sent twice and some killed in between: one outcome a listing."""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import func, select

from serving.accounts.rules.access import Person, Role
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.cases.tables import verdict
from serving.reports.rules.outcomes import AT_FIRST, Code, Result
from serving.reports.service.reporting import settle
from serving.reports.service.submitting import Draft, Submitted, submit
from serving.reports.tables import report as report_table
from serving.reports.tables import report_item, report_outcome
from serving.rights.rules.rights import RightKind
from serving.rights.store import rights
from serving.takedowns.tables import action
from serving.verification.service import is_whole, verify
from serving.webhooks.tables import listing_request
from tests.fixtures.brand_people import a_rival
from tests.fixtures.reported_kinds import Kinds, every_kind
from tests.fixtures.reporting import a_draft
from tests.fixtures.runtimes import Site, invite, supply_rights

CLIENTS = 8
IN_A_ROUND = 40  # The clock moves between rounds: standing, caps and quotas change while reports are repeated.
FULL = pytest.param(1_000, marks=[pytest.mark.soak, pytest.mark.timeout(2_000)])
SCHEDULES = {Result.SCHEDULED, Result.PENDING_APPROVAL}


class Killed(BaseException):
    """The process of a client ends here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that a person sends; the first sending ends before its nth listing where `killed_before` is set."""

    person: Person
    draft: Draft
    killed_before: int | None


@dataclass(slots=True)
class Told:
    """The answers by key, the reports whose client was killed, and the errors of any other kind."""

    answers: defaultdict[str, list[Submitted]] = field(default_factory=lambda: defaultdict(list))
    killed: Counter[str] = field(default_factory=Counter)
    others: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def kills(patch: pytest.MonkeyPatch) -> Iterator[threading.local]:
    """A client's thread ends inside a transaction when its countdown ends."""
    countdown = threading.local()

    def counted(*arguments: object) -> Result:
        left = getattr(countdown, "left", None)
        if left is not None:
            if left == 0:
                raise Killed
            countdown.left = left - 1
        return settle(*arguments)  # type: ignore[arg-type]  # the arguments of the real function

    patch.setattr("serving.reports.service.submitting.settle", counted)
    yield countdown
    patch.undo()


def people_of(site: Site) -> list[Person]:
    """Two people of the brand, and one of another that takes part."""
    a_rival(site)
    supply_rights(site.runtime, "Nordfjell")
    return [
        site.brand_person,
        invite(site.runtime, "noor@aurelle.example", "Noor Haddad", Role.BRAND, "Aurelle"),
        invite(site.runtime, "liv@nordfjell.example", "Liv Berg", Role.BRAND, "Nordfjell"),
    ]


def mixes(site: Site, found: Kinds, people: list[Person], many: int, chance: random.Random) -> list[Wanted]:
    """Reports of one to six listings of random kinds, a fifth of them killed once."""
    kinds = [kind for kind in found.__slots__ if getattr(found, kind)]
    with site.runtime.store.read() as connection:
        marks = {
            person.user_id: next(
                one.right.right_id
                for grant in person.grants
                if grant.brand_id and grant.marketplace_id
                for one in rights.rights_of(connection, (grant.marketplace_id, grant.brand_id))
                if one.right.kind is RightKind.MARK
            )
            for person in people
        }
    wanted = []
    for number in range(many):
        named = [chance.choice(getattr(found, chance.choice(kinds))) for _ in range(chance.randint(1, 6))]
        person = chance.choices(people, weights=(4, 4, 2))[0]
        draft = replace(a_draft(site, named, f"key {number}"), right_id=marks[person.user_id])
        killed = chance.randrange(len(named)) if chance.random() < 0.2 else None
        wanted.append(Wanted(person, draft, killed))
    return wanted


def send_all(site: Site, wanted: list[Wanted], chance: random.Random, patch: pytest.MonkeyPatch) -> Told:
    """Every report twice by eight clients in one shuffled order; those killed both times once more."""
    told, sendings = Told(), wanted * 2
    chance.shuffle(sendings)
    with kills(patch) as countdown:

        def send(one: Wanted) -> None:
            key = one.draft.request_key
            with told.lock:
                first = not told.killed[key] and not told.answers[key]
            countdown.left = one.killed_before if first else None
            try:
                done = submit(site.runtime, one.person, one.draft)
            except Killed:
                with told.lock:
                    told.killed[key] += 1
            except BaseException as error:  # a client's errors are the test's to judge
                with told.lock:
                    told.others.append(error)
            else:
                with told.lock:
                    told.answers[key].append(done)

        with ThreadPoolExecutor(CLIENTS) as pool:
            for start in range(0, len(sendings), IN_A_ROUND):
                list(pool.map(send, sendings[start : start + IN_A_ROUND]))
                site.clock.forward(minutes=40)
            list(pool.map(send, [one for one in wanted if not told.answers[one.draft.request_key]]))
    return told


@pytest.mark.both_engines
@pytest.mark.parametrize("many", [12, FULL])
def test_each_listing_of_each_report_has_one_outcome_and_a_repeated_key_one_reply(
    any_site: Site, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(many)
    people = people_of(any_site)
    found = every_kind(any_site, many)
    wanted = mixes(any_site, found, people, many, chance)
    told = send_all(any_site, wanted, chance, monkeypatch)
    assert told.others == []
    assert sum(told.killed.values()) > many // 20, "some clients were killed"
    for one in wanted:
        first, *again = told.answers[one.draft.request_key]
        assert all(other == first for other in again)
        assert [done.number for done in first.outcomes] == list(range(1, len(one.draft.locations) + 1))
        assert sum(first.counts.values()) == len(one.draft.locations)
    _stored(any_site, wanted)
    _nothing_is_doubled_or_lost(any_site, found, told)
    assert is_whole(verify(any_site.runtime))


def _stored(site: Site, wanted: list[Wanted]) -> None:
    with site.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(report_table)).scalar_one() == len(wanted)
        items = {tuple(row) for row in connection.execute(select(report_item.c.report_id, report_item.c.number))}
        steps = connection.execute(
            select(report_outcome.c.report_id, report_outcome.c.number, report_outcome.c.step)
        ).all()
        assert audit.check(connection)[1] is None
    assert len(items) == sum(len(one.draft.locations) for one in wanted)
    assert {tuple(row)[:2] for row in steps} == items
    assert len(steps) == len(items), "nothing has a second step"


def _nothing_is_doubled_or_lost(site: Site, found: Kinds, told: Told) -> None:
    outcomes = [one for answers in told.answers.values() for one in answers[0].outcomes]
    by_kind: defaultdict[str, set[Code]] = defaultdict(set)
    for one in outcomes:
        by_kind[found.kind_of(one.location)].add(one.code)
        assert one.result in AT_FIRST
    assert Code.AUTHORISED_SELLER in by_kind["authorised"]
    assert by_kind["unknown"] <= {Code.NOT_KNOWN, Code.NAMED_TWICE}
    assert by_kind["removed"] <= {Code.ALREADY_REMOVED, Code.OTHER_BRAND, Code.NAMED_TWICE}
    removed = [one for one in outcomes if one.result in SCHEDULES]
    answered = [one for one in outcomes if one.verdict_id is not None]
    with site.runtime.store.read() as connection:
        marked = set(connection.execute(select(verdict.c.verdict_id).where(verdict.c.reported.is_(True))).scalars())
        made = connection.execute(select(action.c.verdict_id, action.c.listing_id, action.c.action_id)).all()
        acts = Counter(
            connection.execute(
                select(audit_entry.c.subject).where(audit_entry.c.act.in_(["remove.scheduled", "remove.held"]))
            ).scalars()
        )
        asked = Counter(connection.execute(select(listing_request.c.location)).scalars())
    assert {one.verdict_id for one in answered} == marked
    assert len(answered) == len(marked), "a verdict answers one listing of one report"
    by_verdict = {row.verdict_id: row for row in made}
    assert len({one.listing_id for one in removed}) == len(removed), "a listing is removed once"
    assert all(acts[by_verdict[one.verdict_id].action_id] == 1 for one in removed)
    assert sum(row.verdict_id in marked for row in made) == len(removed)
    named = {one.location for one in outcomes if one.result is Result.UNKNOWN}
    assert asked == dict.fromkeys(named, 1)
