"""The page on which a brand's lead makes service accounts, registers keys, names people and ends them."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import select

from serving.accounts.rules.access import Role
from serving.accounts.service.people import deactivate
from serving.accounts.tables import service_account, signing_key
from serving.mail.rules.kinds import MailKind
from serving.reports.service.callbacks import callback_secret
from serving.webhooks.client import check_secret
from tests.fixtures.clients import a_client
from tests.fixtures.factors import App, on_real_time
from tests.fixtures.mails import stored_mails
from tests.fixtures.reporting import a_leader, a_rival, right_of
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.fixtures.signing import Tool, public_pem, second_person
from tests.serving.web.test_large_report_pages import a_day_old, with_code
from tests.serving.web.visits import Visitor, an_administrator, visit_as, words

PATH = "/brand/service-accounts"
ATTACK = "<script>alert(1)</script>"


@pytest.fixture
def timed_site(site: Site) -> Site:
    return on_real_time(site, public_url="http://testserver")


def a_code(site: Site, app: App) -> str:
    site.clock.forward(seconds=30)
    return app.code(site)


def made_by_lead(site: Site, name: str = "Crawler") -> tuple[Visitor, App, Ed25519PrivateKey, str]:
    """The lead who has just made an account, their app, its private key, and the second person."""
    app = a_day_old(site)
    visitor, private_key = with_code(site, app), Ed25519PrivateKey.generate()
    other = second_person(site, a_leader(site))
    fields = {"name": name, "person": other, "public_key": public_pem(private_key), "code": a_code(site, app)}
    answer = visitor.post(PATH, fields)
    assert (answer.status_code, answer.headers.get("location")) == (303, PATH), words(answer.text)
    return visitor, app, private_key, other


def only_ids(site: Site) -> tuple[str, str]:
    """The ids of the only account and of its newest key."""
    (account,) = site.rows(select(service_account))
    keys = site.rows(select(signing_key).order_by(signing_key.c.key_id.desc()))
    return account.account_id, keys[0].key_id


def test_a_lead_makes_an_account_whose_key_signs_from_tomorrow_on(timed_site: Site) -> None:
    visitor, _, private_key, _ = made_by_lead(timed_site, ATTACK)
    page = visitor.get(PATH).text
    assert ATTACK not in page
    assert timed_site.brand_person.name in words(page)
    assert "Noor Said" in words(page)
    assert right_of(timed_site) in page, "a program needs the id of the right"
    account_id, key_id = only_ids(timed_site)
    tool, client = Tool(key_id, account_id, private_key), a_client(timed_site.runtime)
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 403
    mails_sent = stored_mails(timed_site, MailKind.NEW_SECRET)
    assert {mail.user_id for mail in mails_sent} == {
        timed_site.brand_person.user_id,
        timed_site.account_manager.user_id,
    }
    timed_site.clock.forward(days=1)
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 200


def test_a_key_is_rotated_and_revoked(timed_site: Site) -> None:
    visitor, app, private_key, _ = made_by_lead(timed_site)
    account_id, first = only_ids(timed_site)
    following = Ed25519PrivateKey.generate()
    keys = f"{PATH}/{account_id}/keys"
    assert visitor.post(keys, {"public_key": public_pem(following), "code": "000000"}).status_code == 422
    done = visitor.post(keys, {"public_key": public_pem(following), "code": a_code(timed_site, app)})
    assert done.status_code == 303, words(done.text)
    again = visitor.post(keys, {"public_key": public_pem(following), "code": a_code(timed_site, app)})
    assert "can have 2 keys" in words(again.text)
    timed_site.clock.forward(days=1)
    client, second = a_client(timed_site.runtime), only_ids(timed_site)[1]
    tools = [Tool(first, account_id, private_key), Tool(second, account_id, following)]
    assert [client.get("/api/v1/reason-codes", auth=tool).status_code for tool in tools] == [200, 200]
    visitor = with_code(timed_site, app)
    assert visitor.post(f"{keys}/{first}/revoke").status_code == 303
    assert [client.get("/api/v1/reason-codes", auth=tool).status_code for tool in tools] == [401, 200]
    registered_again = visitor.post(keys, {"public_key": public_pem(private_key), "code": a_code(timed_site, app)})
    assert "registered already" in words(registered_again.text)
    assert visitor.post(f"{PATH}/{account_id}/end").status_code == 303
    assert client.get("/api/v1/reason-codes", auth=tools[1]).status_code == 401
    assert "Ended" in words(visitor.get(PATH).text)


def test_an_account_pauses_without_its_second_person_until_another_is_named(timed_site: Site) -> None:
    visitor, app, private_key, other = made_by_lead(timed_site)
    account_id, key_id = only_ids(timed_site)
    third = invite(timed_site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    timed_site.clock.forward(days=1)
    tool, client = Tool(key_id, account_id, private_key), a_client(timed_site.runtime)
    deactivate(timed_site.runtime, an_administrator(timed_site), other, successor=None)
    visitor = with_code(timed_site, app)
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 403
    assert "The account is paused until a lead names a second person." in words(visitor.get(PATH).text)
    assert timed_site.account_manager.user_id in {
        mail.user_id for mail in stored_mails(timed_site, MailKind.SERVICE_ACCOUNT_PAUSED)
    }
    stranger = timed_site.analyst.user_id
    assert visitor.post(f"{PATH}/{account_id}/people", {"person": stranger}).status_code == 422
    own = timed_site.brand_person.user_id
    assert visitor.post(f"{PATH}/{account_id}/people", {"person": own}).status_code == 409
    assert visitor.post(f"{PATH}/{account_id}/people", {"person": third.user_id}).status_code == 303
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == 200


def test_a_lead_sets_the_address_that_is_told_of_the_end_of_reports(timed_site: Site) -> None:
    visitor, app, _, _ = made_by_lead(timed_site)
    account_id, _ = only_ids(timed_site)
    path, url = f"{PATH}/{account_id}/callback", "https://tools.aurelle.example/reports"
    assert visitor.post(f"{PATH}/{account_id}/callback", {"url": url, "code": "000000"}).status_code == 422
    assert "must begin with https" in words(
        visitor.post(path, {"url": "http://127.0.0.1/", "code": a_code(timed_site, app)}).text
    )
    page = visitor.post(path, {"url": url, "code": a_code(timed_site, app)}).text
    secret = callback_secret(timed_site.runtime, account_id, url)
    check_secret(secret)
    assert secret in page
    again = visitor.get(PATH).text
    assert (url in again, secret in again) == (True, False)
    visitor.post(path, {"url": "", "code": a_code(timed_site, app)})
    assert url not in visitor.get(PATH).text


def _x25519() -> str:
    return (
        X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )


def _private() -> str:
    own = Ed25519PrivateKey.generate()
    return own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


GOOD = public_pem(Ed25519PrivateKey.generate())
REFUSED = [
    ({"public_key": "MCowBQYDK2VwAyEA"}, "A public key is an Ed25519 key in PEM", "no PEM"),
    ({"public_key": _x25519()}, "A public key is an Ed25519 key in PEM", "a key that signs nothing"),
    ({"public_key": _private()}, "This is the private key.", "the private key"),
    ({"public_key": "é" * 2_000}, "A public key is an Ed25519 key in PEM", "no text of a key"),
    ({"name": " "}, "A service account has a name", "no name"),
    ({"name": "x" * 201}, "A service account has a name", "a long name"),
    ({"person": ""}, "Name a person of the brand.", "nobody"),
    ({"person": "own"}, "Name another person of the brand", "the lead twice"),
    ({"code": "123456"}, "The code is wrong", "a wrong code"),
]


@pytest.mark.parametrize(("changes", "expected"), [row[:2] for row in REFUSED], ids=[row[2] for row in REFUSED])
def test_an_account_is_refused_in_words_and_nothing_is_made(
    timed_site: Site, changes: dict[str, str], expected: str
) -> None:
    app = a_day_old(timed_site)
    visitor, other = with_code(timed_site, app), second_person(timed_site, a_leader(timed_site))
    fields = {"name": "Crawler", "person": other, "public_key": GOOD, "code": a_code(timed_site, app), **changes}
    if fields["person"] == "own":
        fields["person"] = timed_site.brand_person.user_id
    answer = visitor.post(PATH, fields)
    assert (answer.status_code, expected in words(answer.text)) == (422, True), words(answer.text)
    assert timed_site.rows(select(service_account)) == []


def test_without_a_second_factor_no_key_is_registered(site: Site) -> None:
    visitor, other = visit_as(site, a_leader(site)), second_person(site, a_leader(site))
    assert "registered with a second factor" in words(visitor.get(PATH).text)
    fields = {"name": "Crawler", "person": other, "public_key": GOOD, "password": PASSWORD}
    assert visitor.post(PATH, fields).status_code == 403
    assert site.rows(select(service_account)) == []


def test_colleagues_read_and_rivals_do_not(timed_site: Site) -> None:
    made_by_lead(timed_site)
    account_id, key_id = only_ids(timed_site)
    colleague = visit_as(timed_site, invite(timed_site.runtime, "ana@aurelle.example", "Ana", Role.BRAND, "Aurelle"))
    page = words(colleague.get(PATH).text)
    assert "Crawler" in page
    assert "Revoke key" not in page
    rival = visit_as(timed_site, a_rival(timed_site))
    assert "Crawler" not in rival.get(PATH).text
    for visitor, status in ((colleague, 403), (rival, 404)):
        for path in (f"{account_id}/keys/{key_id}/revoke", f"{account_id}/end", f"{account_id}/people"):
            assert visitor.post(f"{PATH}/{path}", {"person": "usr_1"}).status_code == status, path
    assert timed_site.rows(select(signing_key).where(signing_key.c.revoked_at.is_(None))) != []
