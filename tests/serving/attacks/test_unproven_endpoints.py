"""An endpoint gets removals only after it has answered a signed test message, and the page says so."""

import pytest

from serving.webhooks.service.delivery import deliver_due, marketplaces_with_due
from serving.webhooks.store import endpoints
from tests.fixtures.reporting import a_marketplace_that_listens, action_states, confirm, questions
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import an_administrator, visit_as, words

pytestmark = pytest.mark.attack
WAITS = "has not answered a signed test message yet, so removals wait"


def test_removals_wait_until_the_endpoint_has_answered_a_signed_test_message(site: Site) -> None:
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    site.clock.forward(minutes=5)
    with a_marketplace_that_listens(site) as receiver:
        receiver.answer_to_tests = 410
        assert marketplaces_with_due(site.runtime) == [site.marketplace_id]
        for _ in range(2):
            deliver_due(site.runtime, site.marketplace_id)
        assert (len(receiver.tests), receiver.deliveries, action_states(site)) == (1, [], {"scheduled": 1})
        assert marketplaces_with_due(site.runtime) == []
        page = visit_as(site, an_administrator(site))
        assert WAITS in words(page.get("/operations/webhook").text)
        assert WAITS in words(page.get("/operations").text)

        receiver.answer_to_tests = 204
        page.post("/operations/webhook/wake", {"endpoint_id": receiver.tests[0].partition(".")[0]})
        deliver_due(site.runtime, site.marketplace_id)
        assert (len(receiver.tests), action_states(site)) == (2, {"acknowledged": 1})
        assert WAITS not in words(page.get("/operations/webhook").text)


def test_a_resumed_endpoint_gets_no_removal_before_its_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    site.clock.forward(minutes=5)
    with a_marketplace_that_listens(site) as receiver:
        receiver.answer_to_tests = 410
        # Somebody resumes the endpoint while its test message is under way.
        monkeypatch.setattr(
            endpoints, "record_failures", lambda on, endpoint, _at, _n: endpoints.pause(on, endpoint, until=None)
        )
        deliver_due(site.runtime, site.marketplace_id)
        assert (receiver.deliveries, action_states(site)) == ([], {"scheduled": 1})


def test_an_unproven_endpoint_without_removals_is_tested_by_itself(site: Site) -> None:
    with a_marketplace_that_listens(site) as receiver:
        assert marketplaces_with_due(site.runtime) == [site.marketplace_id]
        deliver_due(site.runtime, site.marketplace_id)
        assert marketplaces_with_due(site.runtime) == []
        site.clock.forward(minutes=5)
        deliver_due(site.runtime, site.marketplace_id)
        assert len(receiver.tests) == 1, "it is proven"
