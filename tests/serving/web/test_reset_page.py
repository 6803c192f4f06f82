import re

import pytest

from serving.accounts.rules.access import Person, Role
from serving.accounts.service.auth import SHORTEST_PASSWORD
from serving.administration.service.people import deactivate
from serving.administration.service.reset_links import make_link
from tests.fixtures.brand_people import a_leader
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.serving.web.visits import Visitor, a_visitor, visit_as, words

ANOTHER = "a better password"
BOTH = {"wanted": ANOTHER, "again": ANOTHER}


@pytest.fixture
def ada(site: Site) -> Person:
    return invite(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


@pytest.fixture
def admin(site: Site, ada: Person) -> Visitor:
    return visit_as(site, ada)


def link_in(page: str) -> str:
    found = re.search(r'(?:<code>|value=")http://localhost:8321(/reset/[\w-]+)', page)
    assert found is not None
    return found[1]


def test_an_administrator_is_shown_a_link_once_that_opens_the_account_once(site: Site, admin: Visitor) -> None:
    path = f"/people/{site.analyst.user_id}"
    answer = admin.post(f"{path}/reset-link")
    assert answer.status_code == 200
    link = link_in(answer.text)
    assert "It works once, expires after 24 hours, and is shown only now." in words(answer.text)
    later = admin.get(path)
    assert "/reset/" not in later.text
    assert "An earlier link is valid until" in words(later.text)
    assert "Password reset link created by Ada Falk" in words(later.text)
    guest = a_visitor(site)
    assert guest.get(link).status_code == 200
    done = guest.post(link, BOTH)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert "Your password is changed. Sign in with the new one." in words(guest.get("/sign-in").text)
    assert "Your password is changed" not in words(guest.get("/sign-in").text), "it is said once"
    entered = {"email": site.analyst.email, "password": ANOTHER}
    assert guest.post("/sign-in", entered).headers["location"] == "/"
    assert guest.get(link).status_code == 404
    assert "Password reset with a link by Ines Moreau" in words(admin.get(path).text)
    assert "An earlier link" not in words(admin.get(path).text)


def test_the_page_says_nobodys_name_or_address(site: Site, ada: Person) -> None:
    page = a_visitor(site).get(make_link(site.runtime, ada, site.analyst.user_id)).text
    assert not any(text in page for text in (site.analyst.email, "Ines", "Moreau", "Ada", "Bazaar"))


def test_links_that_lead_nowhere_look_alike_whatever_the_reason(site: Site, ada: Person) -> None:
    guest = a_visitor(site)
    used, ended, gone = (
        make_link(site.runtime, ada, one.user_id) for one in (site.analyst, site.second_analyst, site.data_scientist)
    )
    guest.post(used, BOTH)
    make_link(site.runtime, ada, site.second_analyst.user_id)
    deactivate(site.runtime, ada, site.data_scientist.user_id, successor=None)
    nowhere = [used, ended, gone, "/reset/nothing", f"/reset/{'x' * 5_000}"]
    for answers in ([guest.get(one) for one in nowhere], [guest.post(one, BOTH) for one in nowhere]):
        assert {one.status_code for one in answers} == {404}
        assert len({one.text for one in answers}) == 1
        assert "This link is invalid or has expired. Ask the person who created it for a new one." in words(
            answers[0].text
        )


def test_a_mistake_is_reported_and_no_password_is_shown(site: Site, ada: Person) -> None:
    path, guest = make_link(site.runtime, ada, site.analyst.user_id), a_visitor(site)
    for fields, text in (
        (
            {"wanted": ANOTHER, "again": "something else"},
            "The two new passwords differ. Enter the same password twice.",
        ),
        ({"wanted": "short1", "again": "short1"}, f"A password must have {SHORTEST_PASSWORD} to 200 characters."),
        ({}, f"A password must have {SHORTEST_PASSWORD} to 200 characters."),
    ):
        answer = guest.post(path, fields)
        assert answer.status_code == 422
        assert text in words(answer.text)
        assert not any(typed in answer.text for typed in fields.values())
    assert guest.post(path, BOTH).status_code == 303


def test_no_other_site_sends_the_form(site: Site, ada: Person) -> None:
    path = make_link(site.runtime, ada, site.analyst.user_id)
    assert a_visitor(site).post(path, BOTH, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert a_visitor(site).get(path).status_code == 200, "the link was not spent"


@pytest.mark.parametrize(
    ("language", "asks", "page", "refusal", "dead", "done"),
    [
        ("en", "The person who invited you can create a link.", "New password again", "differ", "invalid", "Sign in"),
        ("zh", "邀请您加入的人可以为您生成链接", "再次输入新密码", "不一致", "再要一个", "您的密码已更改"),
        ("ru", "Ссылку может создать тот, кто вас пригласил", "Новый пароль ещё раз", "два разных", "новую", "изменён"),
        ("es", "Quien le invitó puede crear un enlace", "Contraseña nueva otra vez", "distintas", "Pida otro", "nueva"),
    ],
)
def test_it_is_in_the_languages_of_the_sign_in(
    site: Site, ada: Person, *, language: str, asks: str, page: str, refusal: str, dead: str, done: str
) -> None:
    path, guest = make_link(site.runtime, ada, site.analyst.user_id), a_visitor(site)
    assert asks in words(guest.get(f"/sign-in?lang={language}").text)
    assert page in words(guest.get(path).text)
    assert refusal in words(guest.post(path, {"wanted": ANOTHER, "again": "x"}).text)
    guest.post(path, BOTH)
    assert done in words(guest.get("/sign-in").text)
    assert dead in words(guest.get(path).text)


def test_a_refused_link_says_why_on_the_persons_page(site: Site, admin: Visitor, ada: Person) -> None:
    answer = admin.post(f"/people/{ada.user_id}/reset-link")
    assert answer.status_code == 409
    assert "You cannot create a link for yourself." in words(answer.text)
    assert "Password reset" not in words(admin.get(f"/people/{ada.user_id}").text)
    assert admin.post("/people/usr_nobody/reset-link").status_code == 404


def test_who_leads_a_brand_is_shown_a_link_for_a_colleague(site: Site) -> None:
    ana = invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    visitor = visit_as(site, a_leader(site))
    assert f"/brand/people/{ana.user_id}/reset-link" in visitor.get("/brand/people").text
    assert f"{site.brand_person.user_id}/reset-link" not in visitor.get("/brand/people").text
    answer = visitor.post(f"/brand/people/{ana.user_id}/reset-link")
    assert "Send this link to ana@aurelle.example." in words(answer.text)
    assert "expires after 24 hours" in words(answer.text)
    assert a_visitor(site).post(link_in(answer.text), BOTH).status_code == 303
    assert "/reset/" not in visitor.get("/brand/people").text
    oneself = visitor.post(f"/brand/people/{site.brand_person.user_id}/reset-link")
    assert oneself.status_code == 409
    assert "You cannot create a link for yourself." in words(oneself.text)
    assert visit_as(site, site.analyst).post(f"/brand/people/{ana.user_id}/reset-link").status_code == 403
    assert PASSWORD not in answer.text
