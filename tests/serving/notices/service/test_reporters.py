"""Reporters on both engines: the record, the warning, the mute, and the erasure."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.errors import Conflict, DomainError, Invalid, NotFound
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.accounts.service.auth import NotSignedIn
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.notices.rules.notices import ItemState, NamedRight, ReporterKind
from serving.notices.rules.reporters import WARNING
from serving.notices.service.notice_complaints import complain
from serving.notices.service.notice_links import PLACE
from serving.notices.service.notices import Receipt
from serving.notices.service.reporter_erasure import erase_reporter, finish_reporter_erasures
from serving.notices.service.reporters import (
    NewReporter,
    mute,
    register,
    reporter_of,
    reporters_with_record,
    revoke,
    unmute,
)
from serving.notices.store import reporters
from serving.notices.store.reporters import Reporter
from serving.notices.tables import notice, reporter
from serving.platform.database.schema import metadata
from tests.fixtures.notifying import EMAIL, WORDS, a_listing, a_reporter, items_of, notify
from tests.fixtures.reporting import UNDO_SECONDS
from tests.fixtures.runtimes import Site, having, judge, open_cases
from tests.serving.notices.service.test_notices import SOLENNE
from tests.serving.web.visits import a_visitor, words

TITLES = ["red", "green", "blue", "grey", "pink", "navy", "teal", "plum", "gold", "jade", "rust", "sand"]


def decided_notice(
    site: Site, number: int, judgement: Judgement = Judgement.GENUINE, by: Reporter | None = None
) -> Receipt:
    """Another notice of the same reporter, and an analyst's verdict."""
    title = f"Solenne {TITLES[number % 12]} shopper with {TITLES[number // 12 % 12]} lining"
    a_listing(site, f"MP-{number}", **{**SOLENNE, "title": title}, seller={"external_id": f"closet-{number}"})
    receipt = notify(site, f"MP-{number}", by=by)
    (case,) = open_cases(site)
    judge(site, site.analyst, case, judgement)
    site.clock.forward(seconds=UNDO_SECONDS)
    return receipt


def the_reporter(site: Site) -> Reporter:
    (reporter,) = site.read(reporters.all_reporters, site.marketplace_id, 10)
    return reporter


def send_unfounded(site: Site, *numbers: int) -> None:
    """Unfounded notices, a day apart."""
    for number in numbers:
        assert decided_notice(site, number).warning is None
        site.clock.forward(days=1)


def warned_reporter(site: Site) -> Reporter:
    """A reporter with ten unfounded notices and the warning that the eleventh brought."""
    send_unfounded(site, *range(10))
    assert notify(site, "MP-777").warning == WARNING
    site.clock.forward(days=1)
    return the_reporter(site)


def reporter_beyond_warning(site: Site) -> Reporter:
    """A warned reporter whose next five notices were also unfounded."""
    reporter = warned_reporter(site)
    send_unfounded(site, *range(10, 15))
    return reporter


def test_ten_unfounded_notices_bring_a_warning_with_the_next_receipt_and_a_later_place(any_site: Site) -> None:
    reporter = having(any_site, warned_reporter)
    assert reporter.warned_at is not None
    a_listing(any_site, "MP-800")
    receipt = notify(any_site, "MP-800")
    assert receipt.warning is None, "once"
    (case,) = open_cases(any_site)
    assert case.priority == 0.0
    (record,) = reporters_with_record(any_site.runtime, any_site.marketplace)
    assert (record["founded"], record["unfounded"], record["may_mute"], record["muted_until"]) == (0, 10, False, None)


def test_the_warning_stands_on_the_receipt_that_brought_it(site: Site) -> None:
    having(site, send_unfounded, *range(10))
    assert "Warning: nearly all of your notices" in words(a_visitor(site).get(notify(site, "MP-777").link).text)
    site.clock.forward(days=1)
    assert "Warning:" not in words(a_visitor(site).get(notify(site, "MP-778").link).text)


def test_what_was_given_back_or_could_not_be_told_is_counted_as_it_is(any_site: Site) -> None:
    decided_notice(any_site, 1, Judgement.COUNTERFEIT)
    decided_notice(any_site, 2, Judgement.GREY_MARKET)
    decided_notice(any_site, 3, Judgement.CANNOT_TELL)
    decided_notice(any_site, 4, Judgement.LICENSED)
    (record,) = reporters_with_record(any_site.runtime, any_site.marketplace)
    assert (record["founded"], record["unfounded"]) == (1, 1)


def test_nobody_is_muted_without_a_warning_and_five_more(any_site: Site) -> None:
    having(any_site, send_unfounded, *range(10))
    marketplace = any_site.marketplace
    with pytest.raises(Conflict, match="without a warning"):
        mute(any_site.runtime, marketplace, the_reporter(any_site).reporter_id, reason="Ten of ten.", by="test")
    notify(any_site, "MP-777")
    any_site.clock.forward(days=1)
    for number in range(10, 14):
        decided_notice(any_site, number)
    with pytest.raises(Conflict, match="4 notices were unfounded; a mute needs 5"):
        mute(any_site.runtime, marketplace, the_reporter(any_site).reporter_id, reason="Fourteen.", by="test")


def test_a_person_mutes_with_a_reason_and_the_mute_ends(any_site: Site) -> None:
    reporter = having(any_site, reporter_beyond_warning)
    runtime, marketplace = any_site.runtime, any_site.marketplace
    with pytest.raises(Invalid, match="Give a reason"):
        mute(runtime, marketplace, reporter.reporter_id, reason=" ", by="test")
    until = mute(runtime, marketplace, reporter.reporter_id, reason="All name one competitor.", by="user:ada")
    assert until == any_site.clock.now() + timedelta(days=90)
    a_listing(any_site, "MP-900")
    assert items_of(any_site, notify(any_site, "MP-900"))[0].state is ItemState.MUTED
    assert open_cases(any_site) == []
    any_site.clock.forward(days=90)
    assert items_of(any_site, notify(any_site, "MP-900"))[0].state is ItemState.WAITING
    with runtime.store.read() as connection:
        assert audit.check_chain(connection)[1] is None
        acts = connection.execute(
            select(audit_entry.c.act, audit_entry.c.actor).where(audit_entry.c.subject == reporter.reporter_id)
        ).all()
    assert [tuple(act) for act in acts] == [("reporter.warned", "service"), ("reporter.muted", "user:ada")]


def test_a_person_ends_a_mute_before_its_time(any_site: Site) -> None:
    reporter = having(any_site, reporter_beyond_warning)
    runtime, marketplace = any_site.runtime, any_site.marketplace
    mute(runtime, marketplace, reporter.reporter_id, reason="All name one competitor.", by="test")
    unmute(runtime, marketplace, reporter.reporter_id, reason="Its last one was right.", by="test")
    a_listing(any_site, "MP-900")
    assert items_of(any_site, notify(any_site, "MP-900"))[0].state is ItemState.WAITING
    with pytest.raises(Conflict, match="not muted"):
        unmute(runtime, marketplace, reporter.reporter_id, reason="Again.", by="test")


def test_a_key_that_is_revoked_lets_nobody_in(any_site: Site) -> None:
    new_reporter = NewReporter("Customs Watch", "desk@watch.example", ReporterKind.TRUSTED_FLAGGER)
    reporter_id, key = register(any_site.runtime, new_reporter, by="test")
    assert reporter_of(any_site.runtime, f"Bearer {key}") is not None
    revoke(any_site.runtime, any_site.marketplace, reporter_id, by="test")
    with pytest.raises(NotSignedIn):
        reporter_of(any_site.runtime, f"Bearer {key}")
    with pytest.raises(Conflict, match="no key in force"):
        revoke(any_site.runtime, any_site.marketplace, reporter_id, by="test")


def everything(site: Site) -> str:
    """The whole database as text."""
    with site.runtime.store.read() as connection:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


@pytest.mark.parametrize("by_address", [True, False])
def test_a_reporter_that_is_erased_is_named_nowhere_in_the_database(any_site: Site, by_address: bool) -> None:
    receipt = decided_notice(any_site, 1)
    complain(any_site.runtime, receipt.link.rpartition(PLACE)[2], 1, "Anna Berg says: look again.")
    (case,) = open_cases(any_site)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    assert all(word in everything(any_site) for word in (EMAIL, "Anna Berg", WORDS))
    who = f" {EMAIL.upper()}" if by_address else the_reporter(any_site).reporter_id
    shown = erase_reporter(any_site.runtime, any_site.marketplace, who, carry_out=False, by="test")
    assert (shown.texts, shown.waits, shown.carried_out) == (1, False, False)
    assert EMAIL in everything(any_site)
    assert erase_reporter(any_site.runtime, any_site.marketplace, who, carry_out=True, by="test").carried_out
    remaining = everything(any_site)
    for word in (EMAIL, "Anna Berg", WORDS):
        assert word not in remaining, word
    assert a_visitor(any_site).get(receipt.link).status_code == 404
    assert any_site.read(audit.check_chain)[1] is None
    assert items_of(any_site, receipt)[0].state is ItemState.DECIDED, "what was decided stays"
    with pytest.raises(NotFound):
        erase_reporter(any_site.runtime, any_site.marketplace, EMAIL, carry_out=True, by="test")


def test_what_is_being_decided_is_erased_by_the_sweep_afterwards(any_site: Site) -> None:
    a_listing(any_site, **SOLENNE)
    notify(any_site, "MP-1", right=NamedRight("mark", "EUIPO", "018", "Atelier Berg", by_power_of_attorney=True))
    runtime = any_site.runtime
    assert "Atelier Berg" in everything(any_site)
    done = erase_reporter(runtime, any_site.marketplace, EMAIL, carry_out=True, by="test")
    assert (done.waits, done.carried_out, finish_reporter_erasures(runtime)) == (True, False, 0)
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    assert (finish_reporter_erasures(runtime), finish_reporter_erasures(runtime)) == (1, 0)
    assert EMAIL not in everything(any_site)
    assert "Atelier Berg" not in everything(any_site)


def test_who_is_muted_stays_so_after_an_erasure_and_no_longer(any_site: Site) -> None:
    muted_reporter = having(any_site, reporter_beyond_warning)
    runtime, marketplace = any_site.runtime, any_site.marketplace
    mute(runtime, marketplace, muted_reporter.reporter_id, reason="All name one competitor.", by="test")
    assert erase_reporter(runtime, marketplace, EMAIL, carry_out=True, by="test").carried_out
    any_site.clock.forward(days=2)
    a_listing(any_site, "MP-900")
    assert items_of(any_site, notify(any_site, "MP-900"))[0].state is ItemState.MUTED
    assert erase_reporter(runtime, marketplace, EMAIL, carry_out=True, by="test").carried_out
    any_site.clock.forward(days=90)
    finish_reporter_erasures(runtime)
    with runtime.store.read() as connection:
        assert connection.execute(select(reporter.c.email_token)).scalars().all() == [None]
    assert items_of(any_site, notify(any_site, "MP-900"))[0].state is ItemState.WAITING


def test_a_reporter_of_another_marketplace_is_not_there(any_site: Site) -> None:
    reporter = a_reporter(any_site, ReporterKind.REGISTERED)
    other = provisioning.add_marketplace(any_site.runtime, name="Elsewhere", base_currency="USD", by="test")
    for act in (
        lambda: mute(any_site.runtime, other, reporter.reporter_id, reason="x", by="test"),
        lambda: unmute(any_site.runtime, other, reporter.reporter_id, reason="x", by="test"),
        lambda: revoke(any_site.runtime, other, reporter.reporter_id, by="test"),
        lambda: erase_reporter(any_site.runtime, other, reporter.reporter_id, carry_out=True, by="test"),
    ):
        with pytest.raises(DomainError, match="no such reporter"):
            act()


def test_neither_the_log_nor_its_payloads_name_a_reporter(any_site: Site) -> None:
    decided_notice(any_site, 1)
    a_reporter(any_site, ReporterKind.REGISTERED)
    with any_site.runtime.store.read() as connection:
        text = str(connection.execute(select(audit_payload.c.payload)).scalars().all())
        assert connection.execute(select(notice.c.explanation)).scalar_one() == WORDS
    for word in (EMAIL, "Anna", "Customs Watch", "watch.example", WORDS):
        assert word not in text
