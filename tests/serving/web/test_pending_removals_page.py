import re
from dataclasses import replace

from serving.accounts.rules.access import Role
from serving.mail.rules.kinds import MailKind
from serving.mail.service.wording import content
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.standing.rules.standing import Level
from serving.takedowns.policy import DEFAULT_BURSTS
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.store import alerts, approvals
from serving.takedowns.store.alerts import Alert
from tests.fixtures.guests import an_invited_user
from tests.fixtures.mails import stored_mails
from tests.fixtures.receivers import a_receiver
from tests.fixtures.reporting import a_draft, action_states, confirm, on_sale, questions
from tests.fixtures.runtimes import Site, invite
from tests.fixtures.stepping_up import in_level
from tests.fixtures.submitting import submit_report
from tests.serving.takedowns.service.test_pending_approval import a_burst
from tests.serving.takedowns.service.test_removal_checks import an_acknowledged_removal, look, register
from tests.serving.web.visits import an_administrator, visit_as, words

AT_ONCE_PENDING = replace(DEFAULT_BURSTS, per_user=0)
APPROVE = {"decision": "approve", "reason": "Looked at it.", "all": "yes"}
WITHDRAW = {**APPROVE, "decision": "withdraw"}
OFF = "“Removals on a brand's confirmation” has been switched off since"


def test_a_pending_removal_is_announced_on_every_page_and_approved_on_its_own(site: Site) -> None:
    rule, why = AutomaticRule.BRAND_REMOVALS, "<b>An account</b> was taken over."
    switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason=why)
    (case,) = questions(site, 1)
    action = confirm(site, site.brand_person, case).action
    assert action is not None
    analyst = visit_as(site, site.analyst)
    queue = analyst.get("/queue").text
    assert OFF in words(queue)
    assert "1 removal pending approval" in words(queue)
    assert "<b>An account</b>" not in queue
    path = batch_path(site)
    assert f'href="{path}"' in analyst.get("/pending-removals").text
    assert "MP-0" in words(analyst.get(path).text)
    assert analyst.post(path, {**APPROVE, "reason": " "}).status_code == 422
    assert analyst.post(path, {"decision": "approve", "reason": "Looked at it."}).status_code == 422  # Nothing ticked.
    ticked = {"decision": "approve", "reason": "Looked at it.", f"removal:{action.action_id}": "yes"}
    done = analyst.post(path, ticked)
    assert (done.status_code, done.headers["location"]) == (303, "/pending-removals")
    assert action_states(site) == {"scheduled": 1}
    page = words(analyst.get("/pending-removals").text)
    assert "Removals approved. They are sent when their undo windows close." in page
    assert "No pending removals" in page


def test_a_brand_sees_its_removal_pending_and_no_alarm_of_the_marketplace(site: Site) -> None:
    rule = AutomaticRule.BRAND_REMOVALS
    switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
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
        removals_page = words(analyst.get("/pending-removals").text)
        assert "Removed listings still shown" in removals_page
        assert "MP-9" in removals_page
        assert 'href="/cases/' not in visit_as(site, site.account_manager).get("/pending-removals").text
        page = words(brand.get("/brand").text)
        assert text not in page
        assert "Still shown we ask the marketplace why" in page
        receiver.shows = lambda _listing: False
        site.clock.forward(hours=2)
        assert look(site, action) == "gone"
    assert "still shown" not in words(analyst.get("/pending-removals").text)
    page = words(visit_as(site, site.brand_person).get("/brand").text)
    assert re.search(r"Removed \d\d:\d\d ", page), page[page.index("Removals latest") :][:300]


def batch_path(site: Site) -> str:
    """The address of the only batch with pending removals."""
    (batch,) = site.read(approvals.pending_batches, {site.marketplace_id})
    return f"/pending-removals/{batch.batch_id}"


def a_pending_removal(site: Site) -> str:
    """What the brand confirmed while its rule was off; returns the address of its batch."""
    switch_rule(site.runtime, site.marketplace, AutomaticRule.BRAND_REMOVALS, on=False, by="test", reason="Taken over.")
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    return batch_path(site)


def test_the_banner_names_brand_and_person_and_leads_an_administrator_to_what_it_counts(site: Site) -> None:
    form = a_pending_removal(site)
    admin, analyst = visit_as(site, an_administrator(site)), visit_as(site, site.analyst)
    banner = re.compile(r"1 removal pending approval since [^:]+:\d\d: Aurelle, confirmed by Camille Duval")
    for visitor, path in (
        (admin, "/operations"),
        (analyst, "/queue"),
        (visit_as(site, site.account_manager), "/brands"),
    ):
        assert banner.search(words(visitor.get(path).text))
    assert "Camille Duval on one day Aurelle 1 1" in words(admin.get("/pending-removals").text)
    page = admin.get(form)
    assert page.status_code == 200
    for phrase in (
        "MP-0 Camille Duval",
        "Administrators see this removal and have no vote on it.",
        "Can approve",
    ):
        assert phrase in words(page.text)
    assert "Approve removals" not in page.text
    assert admin.post(form, WITHDRAW).status_code == 403
    assert action_states(site) == {"pending_approval": 1}
    for visitor in (admin, analyst):
        links = re.findall(r'href="(/(?:cases|pending-removals)[^"]*)"', visitor.get("/pending-removals").text)
        assert {visitor.get(link).status_code for link in links} == {200}


def test_action_needed_leads_each_who_can_vote_to_the_batch_until_they_have_voted(site: Site) -> None:
    in_level(site, Level.FULL)
    a_burst(site)
    form, heading = batch_path(site), "<h2>Action needed</h2>"
    analyst, manager = visit_as(site, site.analyst), visit_as(site, site.account_manager)
    for visitor, path in ((analyst, "/queue"), (manager, "/brands")):
        page = visitor.get(path).text
        assert re.search(rf'role="alert">\s*{heading}\s*<p[^>]*>.*?<a href="{form}">\d+ removal', page), path
    onlooker = visit_as(site, an_administrator(site)).get("/operations").text
    assert heading not in onlooker
    assert f'<a href="{form}">' in onlooker
    assert analyst.post(form, APPROVE).status_code == 303
    assert heading not in analyst.get("/queue").text
    assert heading in manager.get("/brands").text, "a second vote is missing"


def test_the_banner_tells_an_account_manager_of_their_own_brands_only(site: Site) -> None:
    a_pending_removal(site)
    other = invite(site.runtime, "noor@touchstone.example", "Noor Said", Role.ACCOUNT_MANAGER)
    assert "removal pending approval" not in words(visit_as(site, other).get("/brands").text)
    manager = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "Aurelle 1 removal pending approval. " in manager
    assert "Solenne not participating none" in manager


def test_the_banner_sums_up_what_many_people_confirmed_and_names_whom_an_alert_is_about(site: Site) -> None:
    rule, marketplace_id, clock = AutomaticRule.BRAND_REMOVALS, site.marketplace_id, site.clock
    switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason="Taken over.")
    for number, case in enumerate(questions(site, 5)):
        confirm(site, invite(site.runtime, f"u{number}@aurelle.example", f"User {number}", Role.BRAND, "Aurelle"), case)
    sentence = "One person has confirmed 20 removals within an hour."
    with site.runtime.store.write() as connection:
        about = site.brand_person.user_id
        alerts.raise_alert(
            connection, Alert(marketplace_id, "alr_1", PendingCause.USER_BURST, about, sentence, clock.now())
        )
    page = words(visit_as(site, site.analyst).get("/queue").text)
    assert f"Camille Duval: {sentence}" in page
    assert page.count("1 removal pending approval since") == 3
    assert "2 more removals pending approval" in page


def test_those_with_a_vote_on_a_removal_get_one_mail_for_a_brand_and_person(site: Site) -> None:
    site = replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(AT_ONCE_PENDING)))
    invite(site.runtime, "odile@aurelle.example", "Odile Renard", Role.BRAND, "Aurelle")
    an_administrator(site)
    invite(site.runtime, "noor@touchstone.example", "Noor Said", Role.ACCOUNT_MANAGER)
    first, second = questions(site, 2)
    confirm(site, site.brand_person, first)
    mails = stored_mails(site, MailKind.PENDING_REMOVALS)
    assert {mail.name for mail in mails} == {"Ines Moreau", "Lena Okafor", "Tomás Rey"}
    mail_content = content(mails[0].kind, mails[0].parameters)
    assert mail_content.subject == "Removals await your vote"
    ((about, why),) = mail_content.rows
    assert about == f"Aurelle at {site.marketplace.name}"
    assert why.startswith("confirmed by Camille Duval, pending since ")
    confirm(site, site.brand_person, second)
    assert action_states(site) == {"pending_approval": 2}
    assert [mail.parameters["entries"][0]["n"] for mail in stored_mails(site, MailKind.PENDING_REMOVALS)] == [1, 1, 1]


def test_an_account_that_counts_as_the_confirmers_can_only_withdraw_it_and_reads_why(site: Site) -> None:
    form = a_pending_removal(site)
    an_invited_user(site, site.brand_person, site.analyst)
    visitor = visit_as(site, site.analyst)
    page = visitor.get(form).text
    assert "Your account and one that confirmed this removal count as one person" in words(page)
    assert "Can approve now: Lena Okafor, Tomás Rey." in words(page)
    assert "touchstone person add EMAIL --name NAME --role analyst|account_manager" in words(page)
    assert ("Approve removals" in page, ">Withdraw removals<" in page) == (False, True)
    assert visitor.post(form, APPROVE).status_code == 403
    assert action_states(site) == {"pending_approval": 1}
    assert visitor.post(form, WITHDRAW).status_code == 303
    assert action_states(site) == {"withdrawn": 1}


def test_an_approver_who_turns_out_to_be_the_confirmer_is_left_out_and_the_page_says_why(site: Site) -> None:
    in_level(site, Level.FULL)
    a_burst(site)
    form, visitor = batch_path(site), visit_as(site, site.analyst)
    visitor.post(form, APPROVE)
    an_invited_user(site, site.analyst, site.brand_person)
    page = words(visitor.get(form).text)
    assert "review team: approve. Looked at it. Does not count: this account and that of a confirmer" in page
    assert "Can approve now: Lena Okafor, Tomás Rey." in page
    visit_as(site, site.account_manager).post(form, APPROVE)
    assert action_states(site)["pending_approval"] == 1
    visit_as(site, site.second_analyst).post(form, APPROVE)
    assert action_states(site)["pending_approval"] == 0


def test_a_report_is_a_batch_of_its_own_and_two_people_decide_it_in_ten_actions(site: Site) -> None:
    """Each opens the list and the batch, ticks all, gives a reason and approves. 280 are decided so in a browser."""
    in_level(site, Level.FULL)
    a_burst(site)
    site.clock.forward(hours=2)
    policies = site.runtime.policies.changed(replace(DEFAULT_BURSTS, per_user=0))
    limited_site = replace(site, runtime=replace(site.runtime, policies=policies))
    submit_report(limited_site.runtime, site.brand_person, a_draft(site, on_sale(site, 12), "many"))
    batches = site.read(approvals.pending_batches, {site.marketplace_id})
    reported = next(batch for batch in batches if batch.report_id is not None)
    assert (len(batches), reported.pending) == (2, 12)
    form = f"/pending-removals/{reported.batch_id}"
    analyst, manager = visit_as(site, site.analyst), visit_as(site, site.account_manager)
    page = analyst.get(form).text
    assert page.count('name="removal:') == 10
    assert "12 sellers" in words(page)
    assert analyst.get(f"{form}?show=all").text.count('name="removal:') == 12
    assert analyst.post(form, APPROVE).headers["location"] == form
    assert "Vote recorded. Somebody of another organisation must agree." in words(analyst.get(form).text)
    assert manager.post(form, APPROVE).headers["location"] == "/pending-removals"
    (remaining,) = site.read(approvals.pending_batches, {site.marketplace_id})
    assert remaining.report_id is None


def test_some_of_a_batch_are_withdrawn_and_the_others_stay(site: Site) -> None:
    policies = site.runtime.policies.changed(replace(DEFAULT_BURSTS, per_user=0))
    limited_site = replace(site, runtime=replace(site.runtime, policies=policies))
    submit_report(limited_site.runtime, site.brand_person, a_draft(site, on_sale(site, 4), "few"))
    form = batch_path(site)
    ticked = re.findall(r'name="(removal:[^"]+)"', visit_as(site, site.analyst).get(form).text)[:3]
    for person in (site.analyst, site.account_manager):
        fields = {"decision": "withdraw", "reason": "Wrong goods.", **dict.fromkeys(ticked, "yes")}
        assert visit_as(site, person).post(form, fields).status_code == 303
    assert action_states(site) == {"withdrawn": 3, "pending_approval": 1}
    page = words(visit_as(site, site.analyst).get(form).text)
    assert "1 of 4, 1 seller" in page
    mixed = visit_as(site, site.analyst).post(form, {**APPROVE, f"removal:{'act_0'}": "yes"})
    assert mixed.headers["location"] == form
