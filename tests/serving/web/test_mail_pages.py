"""The operations page of mails, the unsubscribe page, and the choice of mails in the settings."""

from datetime import time

from serving.accounts.rules.access import Grant, Role
from serving.accounts.service.inviting import invite
from serving.accounts.service.reset_links import make_link
from serving.mail.rules.kinds import OFFERED, MailKind
from serving.mail.rules.quiet_hours import QuietHours
from serving.mail.service.unsubscribing import unsubscribe_link
from serving.mail.store import choices, mails
from tests.fixtures.links import path_of
from tests.fixtures.mails import send_due_mails, stored_mails
from tests.fixtures.reporting import second_marketplace
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import a_visitor, an_administrator, visit_as, words

PATH = "/operations/mail"
INVITEE = "new@aurelle.example"


def refused_kinds(site: Site) -> frozenset[MailKind]:
    """The kinds that the brand's person has turned off."""
    with site.runtime.store.read() as connection:
        return choices.refused_kinds(connection, site.brand_person.user_id)


def test_an_administrator_reads_a_mail_without_the_link_that_opens_an_account(site: Site) -> None:
    admin = an_administrator(site)
    token = make_link(site.runtime, admin, site.analyst.user_id).rpartition("/")[2]
    for is_kept in (False, True):
        if is_kept:
            send_due_mails(site)
        [mail] = stored_mails(site, MailKind.PASSWORD_RESET)
        page = visit_as(site, admin).get(f"{PATH}?mail={mail.mail_id}").text
        assert "Your link to a new password" in words(page)
        assert token not in page
        assert "/reset/" not in page


def test_names_in_mails_are_escaped_on_the_page(site: Site) -> None:
    admin = an_administrator(site)
    invite(site.runtime, admin, INVITEE, Grant(Role.BRAND, site.marketplace_id, site.brand_id))
    [mail] = stored_mails(site)
    site.write(mails.replace_content, mail, {**mail.parameters, "by": "<script>alert(1)</script>"})
    page = visit_as(site, admin).get(f"{PATH}?mail={mail.mail_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_says_where_mails_are_kept_and_lists_them_by_state(site: Site) -> None:
    admin = an_administrator(site)
    page = visit_as(site, admin)
    assert "No mails." in words(page.get(PATH).text)
    invite(site.runtime, admin, INVITEE, Grant(Role.BRAND, site.marketplace_id, site.brand_id))
    assert INVITEE in page.get(f"{PATH}?state=queued").text
    send_due_mails(site)
    assert INVITEE not in page.get(f"{PATH}?state=queued").text
    kept_page = page.get(f"{PATH}?state=kept").text
    assert INVITEE in kept_page
    assert str(site.runtime.home.mails) in kept_page


def test_a_mail_of_another_marketplace_is_not_found(site: Site) -> None:
    admin = an_administrator(site)
    invite(site.runtime, admin, INVITEE, Grant(Role.BRAND, site.marketplace_id, site.brand_id))
    [mail] = stored_mails(site)
    second_marketplace(site)
    assert visit_as(site, admin).get(f"{PATH}?mail={mail.mail_id}").status_code == 200
    assert visit_as(site, admin).get(f"{PATH}?mail={mail.mail_id[:-2]}zz").status_code == 404


def test_unsubscribing_asks_first_and_one_click_needs_no_session(site: Site) -> None:
    link = path_of(unsubscribe_link(site.runtime, site.brand_person.user_id, MailKind.QUESTIONS))
    visitor = a_visitor(site)
    assert "Do you want to stop mails of this kind?" in words(visitor.get(link).text)
    assert refused_kinds(site) == frozenset()
    answer = visitor.post(link, {"List-Unsubscribe": "One-Click"}, origin="https://mail.example")
    assert answer.status_code == 200
    assert refused_kinds(site) == {MailKind.QUESTIONS}
    assert "You are unsubscribed" in words(answer.text)
    assert visitor.post(f"{link}x").status_code == 404


def test_a_person_chooses_their_mails_in_the_settings(site: Site) -> None:
    visit = visit_as(site, site.brand_person)
    page = visit.get("/settings").text
    assert 'name="mail_questions" value="on" checked' in page
    assert "mail_overdue_cases" not in page
    visit.post("/settings/mails", {"mail_reminders": "on"})
    assert refused_kinds(site) == set(OFFERED[Role.BRAND]) - {MailKind.REMINDERS}
    visit.post("/settings/mails", {f"mail_{kind}": "on" for kind in OFFERED[Role.BRAND]})
    assert refused_kinds(site) == frozenset()


def test_a_person_sets_quiet_hours_and_sees_what_leaves_in_them_too(site: Site) -> None:
    visit = visit_as(site, site.data_scientist)
    ticked_mails = {f"mail_{kind}": "on" for kind in OFFERED[Role.DATA_SCIENTIST]}
    visit.post("/settings/mails", {**ticked_mails, "quiet_begins": "22:00", "quiet_ends": "07:00"})
    page = visit.get("/settings").text
    assert 'name="quiet_begins" value="22:00"' in page
    assert "because the model flags too much (also in quiet hours)" in words(page)
    assert words(page).count("(also in quiet hours)") == 1
    refused = visit.post("/settings/mails", {"quiet_begins": "07:00", "quiet_ends": "06:00"})
    assert refused.status_code == 422
    assert "Nothing was saved. Quiet hours last at most 16 hours." in words(refused.text)
    assert site.read(choices.quiet_hours_of, site.data_scientist.user_id) == QuietHours(time(22), time(7))
    assert site.read(choices.refused_kinds, site.data_scientist.user_id) == frozenset()
    visit.post("/settings/mails", ticked_mails)
    assert site.read(choices.quiet_hours_of, site.data_scientist.user_id) is None
