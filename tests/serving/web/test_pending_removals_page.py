from serving.marketplaces.rules import AutomaticRule
from serving.operations.service.kill_switches import switch
from tests.fixtures.bursts import confirm, questions, states
from tests.fixtures.guests import an_invited_user
from tests.fixtures.receivers import a_receiver
from tests.fixtures.runtimes import Site
from tests.serving.takedowns.service.test_pending_approval import a_burst
from tests.serving.takedowns.service.test_removal_checks import an_acknowledged_removal, look, register
from tests.serving.web.visits import visit_as, words

OFF = "“Removals on a brand's confirmation” has been switched off since"


def test_a_pending_removal_is_announced_on_every_page_and_approved_on_its_own(site: Site) -> None:
    rule, why = AutomaticRule.BRAND_REMOVALS, "<b>An account</b> was taken over."
    switch(site.runtime, site.marketplace, rule, on=False, by="test", reason=why)
    (case,) = questions(site, 1)
    action = confirm(site, site.brand_person, case).action
    assert action is not None
    analyst = visit_as(site, site.analyst)
    queue = analyst.get("/queue").text
    assert OFF in words(queue)
    assert "1 removal pending approval" in words(queue)
    assert "<b>An account</b>" not in queue
    assert "MP-0" in words(analyst.get("/pending-removals").text)
    refused = analyst.post(f"/pending-removals/{action.action_id}", {"decision": "release", "reason": " "})
    assert refused.status_code == 422
    done = analyst.post(f"/pending-removals/{action.action_id}", {"decision": "release", "reason": "Looked at it."})
    assert (done.status_code, done.headers["location"]) == (303, "/pending-removals")
    assert states(site) == {"scheduled": 1}
    page = words(analyst.get("/pending-removals").text)
    assert "Removal approved. It is sent when its undo window closes." in page
    assert "No pending removals" in page


def test_a_brand_sees_its_removal_pending_and_no_alarm_of_the_marketplace(site: Site) -> None:
    rule = AutomaticRule.BRAND_REMOVALS
    switch(site.runtime, site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    brand = visit_as(site, site.brand_person)
    page = words(brand.get("/brand").text)
    assert "Pending approval" in page
    assert OFF not in page
    assert brand.get("/pending-removals").status_code == 403


def test_a_listing_that_is_still_shown_is_announced_to_the_staff_and_named_to_its_brand(site: Site) -> None:
    with a_receiver() as receiver:
        register(site, receiver, receiver.status_url)
        action = an_acknowledged_removal(site)
        receiver.shows = lambda _listing: True
        site.clock.forward(hours=2)
        assert look(site, action) == "still_shown"
        analyst, brand = visit_as(site, site.analyst), visit_as(site, site.brand_person)
        text = "1 removed listing is still shown, although the marketplace acknowledged the removal: review it"
        assert text in words(analyst.get("/queue").text)
        kept = words(analyst.get("/pending-removals").text)
        assert "Removed listings still shown" in kept
        assert "MP-9" in kept
        page = words(brand.get("/brand").text)
        assert text not in page
        assert "Still shown we ask the marketplace why" in page
        receiver.shows = lambda _listing: False
        site.clock.forward(hours=2)
        assert look(site, action) == "gone"
    assert "still shown" not in words(analyst.get("/pending-removals").text)
    page = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Removed verified as removed after 4 h" in page
    assert "Median time from confirmation to verified removal, last 90 days: 4 h" in page


def a_pending_removal(site: Site) -> str:
    """What the brand confirmed while its rule was off; returns the address of its form."""
    switch(site.runtime, site.marketplace, AutomaticRule.BRAND_REMOVALS, on=False, by="test", reason="Taken over.")
    (case,) = questions(site, 1)
    action = confirm(site, site.brand_person, case).action
    assert action is not None
    return f"/pending-removals/{action.action_id}"


def test_an_account_that_counts_as_the_confirmers_can_only_withdraw_it_and_reads_why(site: Site) -> None:
    form = a_pending_removal(site)
    an_invited_user(site, site.brand_person, site.analyst)
    visitor = visit_as(site, site.analyst)
    page = visitor.get("/pending-removals").text
    assert "Your account and one that confirmed this removal count as one person" in words(page)
    assert "Can approve now: Lena Okafor, Tomás Rey." in words(page)
    assert "touchstone person add EMAIL --name NAME --role analyst|account_manager" in words(page)
    assert ("Approve removal" in page, ">Withdraw removal<" in page) == (False, True)
    assert visitor.post(form, {"decision": "release", "reason": "Looked at it."}).status_code == 403
    assert states(site) == {"held": 1}
    assert visitor.post(form, {"decision": "withdraw", "reason": "Looked at it."}).status_code == 303
    assert states(site) == {"withdrawn": 1}


def test_an_approver_who_turns_out_to_be_the_confirmer_is_left_out_and_the_page_says_why(site: Site) -> None:
    text = {"decision": "release", "reason": "Looked at it."}
    form = f"/pending-removals/{a_burst(site)}"
    visitor = visit_as(site, site.analyst)
    visitor.post(form, text)
    an_invited_user(site, site.analyst, site.brand_person)
    page = words(visitor.get("/pending-removals").text)
    assert "review team: approve. Looked at it. Does not count: this account and that of a confirmer" in page
    assert "Can approve now: Lena Okafor, Tomás Rey." in page
    visit_as(site, site.account_manager).post(form, text)
    assert states(site)["held"] == 1
    visit_as(site, site.second_analyst).post(form, text)
    assert states(site)["held"] == 0
