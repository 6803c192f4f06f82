import re
import shlex
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from serving.accounts.rules.access import Person, Role
from serving.accounts.service.auth import SHORTEST_PASSWORD
from serving.accounts.service.people import deactivate
from serving.accounts.service.reset_links import make_link
from serving.cases.service.case_access import lease
from serving.web.wording.vocabulary import ACTS
from tests.fixtures.reporting import a_leader
from tests.fixtures.runtimes import PASSWORD, Site, a_case, invite
from tests.serving.web.test_sign_in_cookies import with_settings
from tests.serving.web.visits import Visitor, a_visitor, hidden_fields, visit_as, words

EMAIL = "nadia@touchstone.example"
HOSTILE = "<script>told('x')</script>\u202e"


@pytest.fixture
def ada(site: Site) -> Person:
    return invite(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


@pytest.fixture
def admin(site: Site, ada: Person) -> Visitor:
    return visit_as(site, ada)


def invite_on_page(admin: Visitor, **fields: str) -> str:
    """The path of the link that the page shows."""
    answer = admin.post("/people/invitations", {"email": EMAIL, "role": "analyst", **fields})
    assert answer.status_code == 200, words(answer.text)
    match = re.search(r"<code>http://localhost:8321(/join/[\w-]+)</code>", answer.text)
    assert match is not None
    return match[1]


def test_the_page_says_who_is_here_with_which_roles_and_how_much_in_hand(site: Site, admin: Visitor) -> None:
    lease(site.runtime, site.analyst, a_case(site).case_id)
    sentence = words(admin.get("/people").text)
    assert "7 with a role" in sentence
    assert "Ines Moreau ines@touchstone.example analyst none recorded 1" in sentence
    assert "Camille Duval camille@aurelle.example brand Aurelle none recorded 0" in sentence
    assert "Lena Okafor" not in words(admin.get("/people?q=moreau").text)
    assert "No matching users." in words(admin.get("/people?q=nobody").text)


def test_a_link_is_shown_once_and_lets_somebody_in(site: Site, admin: Visitor) -> None:
    path = invite_on_page(admin)
    assert "/join/" not in admin.get("/people").text
    assert f"{EMAIL} analyst, by Ada Falk, until " in words(admin.get("/people").text)
    guest = a_visitor(site)
    assert "Ada Falk invites you to join Bazaar as analyst." in words(guest.get(path).text)
    answer = guest.post(path, {"name": "Nadia Roy", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert guest.get("/").headers["location"] == "/queue"
    assert "Nadia Roy" in words(guest.get("/queue").text)
    gone = a_visitor(site).get(path)
    assert gone.status_code == 404
    assert "Ask the person who sent it for another." in words(gone.text)


def test_a_mistake_of_the_guest_keeps_the_name_and_not_the_password(site: Site, admin: Visitor) -> None:
    path, guest = invite_on_page(admin), a_visitor(site)
    answer = guest.post(path, {"name": "Nadia Roy", "password": "short one"})
    assert answer.status_code == 422
    assert "A password must have 10 to 200 characters." in words(answer.text)
    assert 'value="Nadia Roy"' in answer.text
    assert "short one" not in answer.text


def test_the_page_of_a_link_does_not_tell_whether_its_address_has_an_account(site: Site, admin: Visitor) -> None:
    """The sender of the link has it too."""
    fresh, known = invite_on_page(admin), invite_on_page(admin, email=site.analyst.email, role="data_scientist")
    guest = a_visitor(site)

    def bare(path: str, email: str, text: str) -> str:
        return text.replace(path, "LINK").replace(email, "ADDRESS").replace("data scientist", "analyst")

    for fields in (None, {"name": "", "password": PASSWORD}, {"name": "Nadia", "password": "short"}):
        answers = [
            (answer.status_code, bare(path, email, answer.text))
            for path, email in ((fresh, EMAIL), (known, site.analyst.email))
            for answer in [guest.get(path) if fields is None else guest.post(path, fields)]
        ]
        assert answers[0] == answers[1]


def test_who_has_an_account_signs_in_and_accepts(site: Site, admin: Visitor) -> None:
    path = invite_on_page(admin, email=site.analyst.email, role="data_scientist")
    guest = a_visitor(site)
    assert f'href="/sign-in?next={path}"' in guest.get(path).text
    entered = {"email": site.analyst.email, "password": PASSWORD, "next": path}
    assert guest.post("/sign-in", entered).headers["location"] == path
    page = guest.get(path).text
    assert f'action="{path}/accept"' in page
    assert "Your name" not in words(page)
    stranger = visit_as(site, site.account_manager)
    assert "Your name" in words(stranger.get(path).text)
    assert stranger.post(f"{path}/accept", {}).status_code == 404
    answer = guest.post(f"{path}/accept", hidden_fields(page))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert guest.get("/models").status_code == 200
    assert guest.get(path).status_code == 404


def test_a_refused_invitation_keeps_what_was_typed(admin: Visitor) -> None:
    answer = admin.post("/people/invitations", {"email": EMAIL, "role": "brand"})
    assert answer.status_code == 422
    assert "The invitation was not created. A brand's person names their brand" in words(answer.text)
    assert f'value="{EMAIL}"' in answer.text


def test_a_withdrawn_link_leads_nowhere(site: Site, admin: Visitor) -> None:
    path = invite_on_page(admin)
    action = re.search(r'action="(/people/invitations/\w+/withdraw)"', admin.get("/people").text)
    assert action is not None
    assert admin.post(action[1]).headers["location"] == "/people"
    assert a_visitor(site).get(path).status_code == 404


def test_a_hostile_name_is_text_everywhere(site: Site, admin: Visitor) -> None:
    guest = a_visitor(site)
    guest.post(invite_on_page(admin), {"name": HOSTILE, "password": PASSWORD})
    pages = [admin.get("/people").text, guest.get("/queue").text, guest.get("/settings").text]
    match = re.search(r'href="(/people/\w+)"><bdi>&lt;script', pages[0])
    assert match is not None
    pages.append(admin.get(match[1]).text)
    assert not any("<script>told" in page for page in pages)


def test_roles_are_ticked_and_shown_in_the_record(site: Site, admin: Visitor) -> None:
    path = f"/people/{site.analyst.user_id}"
    fields = {f"role.analyst.{site.marketplace_id}": "on", f"role.data_scientist.{site.marketplace_id}": "on"}
    assert admin.post(f"{path}/roles", fields).headers["location"] == path
    sentence = words(admin.get(path).text)
    assert "Roles saved. They apply from the user's next request." in sentence
    assert "Role added: data scientist by Ada Falk" in sentence
    nothing = admin.post(f"{path}/roles")
    assert nothing.status_code == 422
    assert "Deactivate them instead." in words(nothing.text)


def test_every_act_about_a_person_has_words() -> None:
    named = re.compile(r'"((?:person|password|reset_link|second_factor)\.(?!html)\w+)"')
    sources = (Path(__file__).parents[3] / "serving").rglob("*.py")
    acts = {act for source in sources for act in named.findall(source.read_text(encoding="utf-8"))}
    with_names = {"added", "joined", "granted", "ungranted", "deactivated", "work_handed_over"}
    assert acts - {f"person.{act}" for act in with_names} == set(ACTS)


def test_who_is_deactivated_is_out_at_their_next_click_and_the_page_says_what_became_of_the_work(
    site: Site, admin: Visitor
) -> None:
    analyst = visit_as(site, site.analyst)
    lease(site.runtime, site.analyst, a_case(site).case_id)
    path = f"/people/{site.analyst.user_id}"
    assert "Has 1 open case, leased or assigned" in words(admin.get(path).text)
    to = {"to": site.second_analyst.user_id}
    assert admin.post(f"{path}/deactivate", to).headers["location"] == path
    assert analyst.get("/queue").headers["location"] == "/sign-in?next=%2Fqueue"
    assert "Deactivated: 1 case to Tomás Rey by Ada Falk" in words(admin.get(path).text)
    assert admin.post(f"{path}/reactivate").status_code == 303
    assert visit_as(site, site.analyst).get("/queue").status_code == 200


def test_work_is_handed_over_by_a_form(site: Site, admin: Visitor) -> None:
    lease(site.runtime, site.analyst, a_case(site).case_id)
    path = f"/people/{site.analyst.user_id}"
    assert admin.post(f"{path}/hand-over", {"to": site.second_analyst.user_id}).status_code == 303
    assert "Work handed over: 1 case to Tomás Rey by Ada Falk" in words(admin.get(path).text)


def test_the_last_administrator_and_oneself_stay(site: Site, admin: Visitor, ada: Person) -> None:
    path = f"/people/{ada.user_id}"
    answer = admin.post(f"{path}/roles", {f"role.analyst.{site.marketplace_id}": "on"})
    assert answer.status_code == 409
    assert "They are the last administrator here." in words(answer.text)
    assert admin.post(f"{path}/deactivate").status_code == 409
    assert "You cannot deactivate yourself." in words(admin.get(path).text)


def test_nobody_else_manages_people_or_keys(site: Site) -> None:
    analyst, target = visit_as(site, site.analyst), site.second_analyst.user_id
    doors = [
        "/people/invitations",
        *(f"/people/{target}/{act}" for act in ("roles", "hand-over", "deactivate", "reactivate")),
        "/keys",
        "/keys/key_x/revoke",
    ]
    assert {analyst.post(path).status_code for path in doors} == {403}


def test_a_key_is_shown_once_works_and_ends(site: Site, admin: Visitor) -> None:
    answer = admin.post("/keys", {"name": "intake of the shop", "scope.intake": "on", "password": PASSWORD})
    match = re.search(r"<code>(tsk\.(key_\w+)\.[\w-]+)</code>", answer.text)
    assert match is not None
    listed = admin.get("/keys").text
    assert match[1] not in listed
    assert f"intake of the shop {match[2]}" in words(listed)
    response = a_visitor(site).client.get("/api/v1/figures", headers={"authorization": f"Bearer {match[1]}"})
    assert response.status_code == 200
    assert admin.post(f"/keys/{match[2]}/revoke").headers["location"] == "/keys"
    refused = a_visitor(site).client.get("/api/v1/listings/x", headers={"authorization": f"Bearer {match[1]}"})
    assert "revoked 09:00" in words(admin.get("/keys").text)
    assert admin.post(f"/keys/{match[2]}/revoke").status_code == 404
    assert refused.status_code in {401, 404}


def test_the_command_beside_a_new_key_sends_listings(site: Site, admin: Visitor) -> None:
    assert re.search(r'name="scope.intake" checked', admin.get("/keys?scope=intake").text)
    answer = admin.post("/keys", {"name": "shop", "scope.intake": "on", "password": PASSWORD})
    command = shlex.split(unescape(re.search(r"<code>(curl .*)</code>", answer.text)[1]))  # type: ignore[index]
    headers = dict(header.split(": ", 1) for flag, header in pairwise(command) if flag == "-H")
    sent = a_visitor(site).client.post(command[-1], headers=headers, content='{"external_id": "A-1", "title": "Bag"}')
    assert sent.status_code == 200
    scored = admin.post("/keys", {"name": "shop", "scope.score": "on", "password": PASSWORD})
    assert "curl" not in scored.text, "another scope sends none"


def test_a_key_that_may_do_nothing_is_not_made(admin: Visitor) -> None:
    answer = admin.post("/keys", {"name": "intake"})
    assert answer.status_code == 422
    assert "The key was not created. A key needs at least one scope." in words(answer.text)
    assert 'value="intake"' in answer.text


def test_a_password_is_changed_on_ones_own_page(site: Site) -> None:
    this_browser, there = visit_as(site, site.analyst), visit_as(site, site.analyst)
    new = {"present": PASSWORD, "wanted": "a better password", "again": "a better password"}
    wrong = this_browser.post("/settings/password", {**new, "again": "another password"})
    assert wrong.status_code == 422
    assert "The two new passwords differ. Enter the same password twice." in words(wrong.text)
    assert there.get("/queue").status_code == 200
    assert this_browser.post("/settings/password", new).headers["location"] == "/settings"
    assert "every other device is signed out" in words(this_browser.get("/settings").text)
    assert there.get("/queue").status_code == 303


def test_the_page_says_whether_the_invitation_was_mailed(site: Site, ada: Person) -> None:
    invitation = {"email": EMAIL, "role": "analyst"}
    page = visit_as(site, ada).post("/people/invitations", invitation).text
    assert f"Send this link to {EMAIL} over a private channel." in words(page)
    mailing = replace(site, runtime=with_settings(site, smtp_host="127.0.0.1"))
    page = visit_as(mailing, ada).post("/people/invitations", invitation).text
    assert f"The invitation is sent to {EMAIL}. You can also pass on its link" in words(page)


def test_a_made_link_names_the_service_s_own_address_whatever_the_host_header_says(admin: Visitor) -> None:
    page = admin.post("/people/invitations", {"email": EMAIL, "role": "analyst"}, host="evil.example").text
    assert "<code>http://localhost:8321/join/" in page
    assert "evil.example" not in page


ANOTHER = "a better password"
BOTH = {"wanted": ANOTHER, "again": ANOTHER}


def link_in(page: str) -> str:
    match = re.search(r'(?:<code>|value=")http://localhost:8321(/reset/[\w-]+)', page)
    assert match is not None
    return match[1]


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
        make_link(site.runtime, ada, person.user_id)
        for person in (site.analyst, site.second_analyst, site.data_scientist)
    )
    guest.post(used, BOTH)
    make_link(site.runtime, ada, site.second_analyst.user_id)
    deactivate(site.runtime, ada, site.data_scientist.user_id, successor=None)
    nowhere = [used, ended, gone, "/reset/nothing", f"/reset/{'x' * 5_000}"]
    for answers in ([guest.get(path) for path in nowhere], [guest.post(path, BOTH) for path in nowhere]):
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
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
