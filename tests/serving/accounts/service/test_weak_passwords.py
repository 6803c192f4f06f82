"""Wherever a person sets a password, an easily guessed one is refused with the reason, and nothing is changed."""

from collections.abc import Callable

import pytest

from models.errors import Invalid
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import auth, inviting, provisioning
from serving.accounts.service.passwords import change_password, reset_by_link
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.service.reset_links import make_link
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.serving.web.visits import a_visitor, words

pytestmark = pytest.mark.attack

WEAK = [
    ("aaaaaaaaaa", "repeats or counts through a few characters"),
    ("qwertyuiop", "is on a list of common passwords"),
    ("{own}-2026", "is mostly your name, address, or the name of this service"),
]


def an_administrator(site: Site) -> Person:
    return invite(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


def by_invitation(site: Site, password: str) -> None:
    path = inviting.invite(
        site.runtime, an_administrator(site), "noor@bazaar.example", Grant(Role.ANALYST, site.marketplace_id)
    )
    inviting.accept(
        site.runtime, path.removeprefix("/join/"), name="Noor Vermeer", password=password.format(own="NoorVermeer")
    )


def by_reset_link(site: Site, password: str) -> None:
    path = make_link(site.runtime, an_administrator(site), site.analyst.user_id)
    new_password = password.format(own=site.analyst.name.replace(" ", ""))
    reset_by_link(site.runtime, path.removeprefix("/reset/"), new_password=new_password, again=new_password)


def by_change(site: Site, password: str) -> None:
    change_password(
        site.runtime, site.analyst, "", before=PASSWORD, new_password=password.format(own=site.analyst.email)
    )


def by_command(site: Site, password: str) -> None:
    new = NewPerson("noor@bazaar.example", "Noor Vermeer", Role.ANALYST, password=password.format(own="noor.vermeer"))
    provisioning.add_person(site.runtime, new, by="test")


@pytest.mark.parametrize(("password", "sentence"), WEAK, ids=["repeated", "common", "own"])
@pytest.mark.parametrize("door", [by_invitation, by_reset_link, by_change, by_command])
def test_a_password_that_is_guessed_early_is_not_set(
    site: Site, door: Callable[[Site, str], None], password: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        door(site, password)
    assert auth.sign_in(site.runtime, site.analyst.email, PASSWORD)


def test_the_administrator_of_a_first_start_is_no_exception(site: Site) -> None:
    token = auth.new_setup_token(site.runtime)
    fields = {"marketplace": "Second", "currency": "EUR", "sells_in": "EU", "name": "Ada Falk"}
    typed = {**fields, "email": "ada@touchstone.example", "password": "aaaaaaaaaa"}
    answer = a_visitor(site).post(f"/setup/{token}", typed)
    assert answer.status_code == 422
    assert "repeats or counts through a few characters" in words(answer.text)
