"""What was signed before the code had one signature still holds: links, cookies, codes and counters, as literals."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.errors import NotFound
from serving.accounts.service import guessing, known_devices, one_time_codes
from serving.accounts.service.signing import network_hash
from serving.accounts.store.accounts import Credentials
from serving.appeals.service import seller_links
from serving.appeals.store.seller_links import SellerLink
from serving.mail.rules.kinds import MailKind
from serving.mail.service import unsubscribing
from serving.notices.service import notice_links
from serving.platform.runtime import Runtime
from serving.platform.sealing import is_signature, signature
from serving.takedowns.service import stop_links
from tests.fixtures.runtimes import Site

USER = "usr_01kjpwd6m0w6wf4xfg5mpbm6eb"
REPORT = "rpt_01kjpwd6m0w6wf4xfg5mpbm6eb"
REMOVAL = SellerLink("mkt_1", "act_01kjpwd6m0w6wf4xfg5mpbm6eb", 2, datetime(2026, 9, 2, tzinfo=UTC), None)
STOP = f"{USER}.{REPORT}.88nFkgpImvnHybexxzsj24f6QMLxjeg2USyQb2JrBF0"
UNSUBSCRIBE = f"{USER}.questions.0c4s27MEWqX9tJB6E4RKQ3UgJUWHk0LGMjVoh-Mi5Jg"


@pytest.fixture
def runtime(site: Site) -> Runtime:
    return replace(site.runtime, contact_key=bytes(range(32)))


def test_links_that_were_sent_before_still_open(runtime: Runtime) -> None:
    assert stop_links.read_link(runtime, STOP, stop_links.REPORTS) == (USER, REPORT)
    assert unsubscribing.read_link(runtime, UNSUBSCRIBE) == (USER, MailKind.QUESTIONS)
    with pytest.raises(NotFound):
        stop_links.read_link(runtime, STOP[:-1] + "1", stop_links.REPORTS)


def test_everything_is_signed_as_before(runtime: Runtime) -> None:
    device = signature(*known_devices._signature_parts(runtime, Credentials("usr_1", "hash"), "nonce", "1.1"))
    notice, confirmation = (
        link(runtime, "mkt_1", "ntc_1").rpartition(".")[2]
        for link in (notice_links.notice_link, notice_links.confirmation_link)
    )
    assert stop_links.stop_path(runtime, USER, REPORT) == stop_links.REPORTS + STOP
    assert unsubscribing.unsubscribe_link(runtime, USER, MailKind.QUESTIONS).endswith(f"/{UNSUBSCRIBE}")
    assert seller_links._token(runtime, REMOVAL) == (
        "act_01kjpwd6m0w6wf4xfg5mpbm6eb.2.vbC4BIHupOlarcgoNGm4mtcS0YyHfnlxm0thee1nY9Y"
    )
    assert (notice, confirmation) == (
        "SlCICTdTDxE5EH2E_HWmJ6LPIW5TjUutOJhvzc9jyw8",
        "3fEXJPI1ShFA9tjrB7bvYASro4q_IsNpqO8FJAbZiRg",
    )
    assert device == "ELYHZ3PfTie01NMJJMFxHVg_qYEiXjG4mv9GPUK7auM"
    assert (
        one_time_codes._code_hash(runtime, "usr_1", "abc")
        == "e487fbe4e9259eb444489a7323c06aada24673d99e8a14553f8874f830e09fcd"
    )
    assert (
        guessing._counter_key(runtime, "a", "b") == "672876663e4421033be07995510c2f7e814b4488ac70033877c95261658947b9"
    )
    assert network_hash(runtime, "192.0.2.7") == "5408fba737a8a89b14f53a1a7ef2cf7bd05a8a93f2f4acdfd0ee2c106bcea162"


@pytest.mark.parametrize("text", ["", "é", "\ud800", "88nFkgpImvnHybexxzsj24f6QMLxjeg2USyQb2JrBF1"])
def test_no_other_text_is_a_signature(text: str) -> None:
    assert not is_signature(text, bytes(range(32)), b"touchstone stop link v1", USER, REPORT)
