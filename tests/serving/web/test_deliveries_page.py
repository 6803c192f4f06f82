from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.administration.service import provisioning
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionState
from tests.fixtures.delivering import deliver
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.web.operating import an_administrator
from tests.serving.web.visits import visit_as, words

PATH = "/operations/deliveries"
ATTACK = "<script>alert(1)</script>"


@pytest.fixture
def receiver(site: Site) -> Iterator[Receiver]:
    with a_receiver() as found:
        provisioning.register_webhook(
            site.runtime, url=found.url, allow_loopback=True, marketplace=None, secret=found.secret, by="test"
        )
        yield found


def a_dead_letter(site: Site, external_id: str) -> str:
    """A removal that was given up on."""
    made = judge(
        site,
        site.brand_person,
        a_case(site, CaseLane.ASK_BRAND, external_id=external_id, title=f"Aure11e Colline 1:1 {external_id}"),
        Judgement.COUNTERFEIT,
    ).action
    assert made is not None
    site.clock.forward(seconds=180)
    deliver(site.runtime, site.here, made.action_id)
    site.clock.forward(hours=24 * 8)
    assert deliver(site.runtime, site.here, made.action_id) == "dead"
    return made.action_id


def state(site: Site, action_id: str) -> ActionState:
    return site.read(actions.get, site.here, action_id).state


def test_what_was_given_up_on_is_sent_again_one_by_one_or_all(site: Site) -> None:
    first, second, third = (a_dead_letter(site, f"{ATTACK}{i}") for i in range(3))
    admin = visit_as(site, an_administrator(site))
    page = admin.get(PATH)
    assert ATTACK not in page.text
    assert "Dead letters 3" in words(page.text)
    answer = admin.post(f"{PATH}/replay", {"action_id": second})
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert [state(site, one) for one in (first, second, third)] == ["dead", "sending", "dead"]
    assert "Sent again." in words(admin.get(PATH).text)
    assert admin.post(f"{PATH}/replay").status_code == 404, "nothing by default"
    assert "sending" not in {state(site, one) for one in (first, third)}
    admin.post(f"{PATH}/replay", {"all": "yes"})
    assert [state(site, one) for one in (first, second, third)] == ["sending", "sending", "sending"]
    assert admin.post(f"{PATH}/replay", {"action_id": "act_of_another_marketplace"}).status_code == 404


def test_who_does_not_administer_reads_and_sends_nothing_again(site: Site) -> None:
    action_id = a_dead_letter(site, "MP-1")
    for person in (site.analyst, site.data_scientist):
        visitor = visit_as(site, person)
        page = visitor.get(PATH).text
        assert "MP-1" in page
        assert "Resend message" not in page
        assert visitor.post(f"{PATH}/replay", {"action_id": action_id}).status_code == 403
    assert state(site, action_id) is ActionState.DEAD


def test_a_failing_delivery_is_shown_with_its_response_and_its_next_attempt(site: Site, receiver: Receiver) -> None:
    made = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id="MP-9"), Judgement.COUNTERFEIT)
    assert made.action is not None
    receiver.answer = lambda _number: 503
    site.clock.forward(seconds=180)
    assert deliver(site.runtime, site.here, made.action.action_id) == "failed"
    text = words(visit_as(site, site.analyst).get(PATH).text)
    assert "Remove MP-9" in text
    assert "503" in text
    receiver.answer = lambda _number: 204
    site.clock.forward(hours=1)
    assert deliver(site.runtime, site.here, made.action.action_id) == "acknowledged"
    site.clock.forward(hours=1)
    page = visit_as(site, site.analyst).get(PATH).text
    assert "No failing deliveries." in page
    assert "1 acknowledgement since" in page


def test_a_page_of_a_marketplace_that_removed_nothing_says_so(site: Site) -> None:
    site.clock.forward(seconds=timedelta(days=1).total_seconds())
    text = words(visit_as(site, site.data_scientist).get(PATH).text)
    assert "No dead letters." in text
    assert "no verified removals, last 30 days" in text
