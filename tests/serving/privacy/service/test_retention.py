"""Expired data is erased class by class; disputed or held-back data stays; log and evidence stay verifiable."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import Invalid
from models.verdict import Judgement
from serving.accounts.service import auth
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.seller_acts import act_by_link
from serving.cases.rules.test_buy import CustodyEvent
from serving.cases.service.seller_evidence import upload_document
from serving.cases.service.test_buys import Step, take_step
from serving.composition import open_runtime
from serving.jobs.worker import sweep
from serving.listings.service.seller_events import receive_events
from serving.platform.data_classes import DataClass
from serving.platform.settings import Settings
from serving.privacy.policy import RetentionPolicy
from serving.privacy.service.erasure import lift_hold, set_hold
from serving.privacy.service.retention import erase_expired
from tests.fixtures import keeping as fixture
from tests.fixtures.notifying import EMAIL, a_listing, items_of, notify
from tests.fixtures.notifying import WORDS as NOTIFIED
from tests.fixtures.runtimes import PASSWORD, Site, a_case, having, judge, open_cases
from tests.serving.cases.service.test_seller_evidence import INVOICE, contestable_removal, listening_receiver
from tests.serving.cases.service.test_test_buys import ordered_test_buy
from tests.serving.privacy.service.test_erasure import (
    SELLER,
    STATEMENT,
    a_seller_with_a_history,
    erased_counts,
    everything,
)

WORDS = "Parcel of Li Wei, Kantstrasse 7"
# A class, its days of retention here, a table that has it, and the erased part of a row.
CLASSES = [
    (DataClass.STATEMENTS, 30, "appeal", STATEMENT),
    (DataClass.DOCUMENTS, 30, "seller_upload", "Li Wei.pdf"),
    (DataClass.EVIDENCE_PARTS, 30, "evidence_part", "lumo-trade-88"),
    (DataClass.CUSTODY, 30, "custody_entry", WORDS),
    (DataClass.CONTACTS, 30, "seller_contact", SELLER),
    (DataClass.REFUSED_ROWS, 30, "quarantine", SELLER),
    (DataClass.SELLER_EVENTS, 120, "seller_event", "e-1"),
    (DataClass.SESSIONS, 30, "browser_session", ""),
]


def with_retention(site: Site, **days: int) -> Site:
    """The site with these retention days, its sessions on the simulated clock."""
    keeping_site = fixture.with_retention(site, **days)
    return replace(keeping_site, runtime=replace(keeping_site.runtime, wall=site.clock))


def a_history_of_every_class(site: Site) -> None:
    """A seller with a dismissed appeal, a document, contacts, a refused row, an event and a test buy."""
    with a_seller_with_a_history(site):
        pass
    with listening_receiver(site) as receiver:
        _, token = contestable_removal(site, receiver, "MP-6")
        upload_document(site.runtime, token, "Li Wei.pdf", INVOICE)
    test_buy_id = ordered_test_buy(site, a_case(site, external_id="MP-8"))
    take_step(site.runtime, site.analyst, test_buy_id, Step(CustodyEvent.RECEIVE, "Ines Moreau", WORDS))
    take_step(site.runtime, site.analyst, test_buy_id, Step(CustodyEvent.CANCEL, "", "Came broken."))
    event = {"event_id": "e-1", "seller": SELLER, "kind": "sale", "occurred_at": site.clock.now().isoformat()}
    assert receive_events(site.runtime, site.marketplace, {"events": [event]}, backfill=False)["new"] == 1
    auth.sign_in(with_retention(site).runtime, site.analyst.email, PASSWORD)


def years_later(site: Site) -> None:
    for _ in range(8):
        site.clock.forward(days=30)
        sweep(with_retention(site).runtime)


def contains_words(site: Site, table: str, words: str) -> bool:
    return any(words in row for row in everything(site)[table])


def test_each_class_goes_when_its_own_time_is_over_and_nothing_else_with_it(any_site: Site) -> None:
    having(any_site, a_history_of_every_class)
    years_later(any_site)
    for place, (what, days, table, words) in enumerate(CLASSES):
        any_site.clock.forward(days=1)
        assert contains_words(any_site, table, words), what
        assert erase_expired(with_retention(any_site, **{what.value: days}).runtime) > 0, what
        assert not contains_words(any_site, table, words), what
        lost = [
            later
            for later, _, table_name, text in CLASSES[place + 1 :]
            if not contains_words(any_site, table_name, text)
        ]
        assert lost == [], what
    assert not contains_words(any_site, "audit_payload", WORDS)
    erased, parts = erased_counts(any_site)
    assert erased >= 3
    assert parts >= 1


def test_it_is_searched_once_a_day_and_logged_once(site: Site) -> None:
    having(site, a_history_of_every_class)
    years_later(site)
    keeping_site = with_retention(site, refused_rows=30)
    site.clock.forward(days=1)
    assert erase_expired(keeping_site.runtime) == 2
    entries = len(everything(site)["audit_entry"])
    assert erase_expired(with_retention(site, contacts=30).runtime) == 0, "looked today already"
    site.clock.forward(days=1)
    assert erase_expired(keeping_site.runtime) == 0
    assert len(everything(site)["audit_entry"]) == entries


def test_nothing_of_a_seller_under_legal_hold_goes_until_it_is_lifted(site: Site) -> None:
    having(site, a_history_of_every_class)
    years_later(site)
    set_hold(site.runtime, site.marketplace, SELLER, reason="Lawsuit", by="test")
    short = with_retention(site, **{what.value: days for what, days, _, _ in CLASSES})
    site.clock.forward(days=1)
    assert erase_expired(short.runtime) > 0, "the other seller's, and sessions"
    protected_classes = [data_class for data_class in CLASSES if data_class[0] is not DataClass.SESSIONS]
    assert [what for what, _, table, words in protected_classes if not contains_words(site, table, words)] == []
    lift_hold(site.runtime, site.marketplace, SELLER, reason="Settled", by="test")
    site.clock.forward(days=1)
    erase_expired(short.runtime)
    assert [what for what, _, table, words in protected_classes if contains_words(site, table, words)] == []


@pytest.mark.parametrize(
    ("decided", "days_after", "erased", "why"),
    [
        (True, 300, 1, "the time to complain has passed"),
        (True, 150, 0, "a complaint is possible for six months"),
        (False, 300, 0, "it is being decided"),
    ],
)
def test_a_stranger_who_notified_is_forgotten_once_nothing_is_left_to_decide(
    any_site: Site, decided: bool, days_after: int, erased: int, why: str
) -> None:
    a_listing(any_site)
    receipt = notify(any_site, "MP-1")
    if decided:
        judge(any_site, any_site.analyst, open_cases(any_site)[0], Judgement.GENUINE)
    any_site.clock.forward(days=days_after)
    assert erase_expired(with_retention(any_site, notifiers=30).runtime) == erased, why
    still_there = contains_words(any_site, "reporter", EMAIL), contains_words(any_site, "notice", NOTIFIED)
    assert still_there == ((False, False) if erased else (True, True))
    assert erase_expired(with_retention(any_site, notifiers=30).runtime) == 0
    assert len(items_of(any_site, receipt)) == 1, "what was notified stays"


@pytest.mark.parametrize(("appeals", "why"), [(True, "it is disputed"), (False, "it can still be complained about")])
def test_what_a_removal_rests_on_stays_while_anybody_can_complain_about_it(site: Site, appeals: bool, why: str) -> None:
    short = with_retention(site, documents=1, statements=1, evidence_parts=1)
    with listening_receiver(site) as receiver:
        _, token = contestable_removal(site, receiver)
        upload_document(site.runtime, token, "Li Wei.pdf", INVOICE)
        if appeals:
            act_by_link(site.runtime, token, CounterNoticeEvent.APPEAL, "They are genuine.")
        site.clock.forward(days=300 if appeals else 180)
        assert erase_expired(short.runtime) == 0, why
    assert contains_words(site, "seller_upload", "Li Wei.pdf")


def test_an_operator_sets_the_days_and_too_few_are_refused(tmp_path: Path, migrated_sqlite: Path) -> None:
    shutil.copyfile(migrated_sqlite, tmp_path / "touchstone.sqlite")
    longer, shorter = {DataClass.DOCUMENTS: 730, DataClass.CONTACTS: None}, {DataClass.SELLER_EVENTS: 30}
    runtime = open_runtime(Settings(home=tmp_path, retention_days=longer), migrated=True)
    policy = runtime.policies[RetentionPolicy]
    runtime.close()
    assert (policy.documents, policy.contacts, policy.statements) == (730, None, 1_095)
    with pytest.raises(Invalid, match="at least 120 days"):
        open_runtime(Settings(home=tmp_path, retention_days=shorter), migrated=True)
