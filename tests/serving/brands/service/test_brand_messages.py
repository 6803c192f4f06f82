"""Messages between a brand and its account manager: private, counted until read, erasable."""

import pytest
from sqlalchemy import select

from models.errors import Conflict, Invalid, NotFound
from serving.accounts.rules.access import Person, Role
from serving.audit.tables import audit_payload
from serving.brands.rules.authorisation import MessageSide
from serving.brands.service.brand_messages import LONGEST, erase, mark_read, unread_count, write
from serving.brands.store import brand_messages
from serving.brands.store.brand_messages import Message
from serving.brands.tables import brand_message
from tests.fixtures.reporting import a_rival
from tests.fixtures.runtimes import Site, invite


def pair_of(site: Site) -> tuple[str, str]:
    return site.marketplace_id, site.brand_id


def thread(site: Site) -> list[Message]:
    return site.read(brand_messages.thread, pair_of(site), 100)


def unread_of_person(site: Site, person: Person, side: MessageSide) -> int:
    return site.read(unread_count, person, [pair_of(site)], side)


def test_a_message_is_unread_on_the_other_side_alone_until_it_is_read(any_site: Site) -> None:
    write(any_site.runtime, any_site.brand_person, pair_of(any_site), "Where is our mark?")
    assert unread_of_person(any_site, any_site.account_manager, MessageSide.MANAGER) == 1
    assert unread_of_person(any_site, any_site.brand_person, MessageSide.BRAND) == 0
    any_site.clock.forward(minutes=1)
    mark_read(any_site.runtime, any_site.account_manager, pair_of(any_site))
    assert unread_of_person(any_site, any_site.account_manager, MessageSide.MANAGER) == 0
    any_site.clock.forward(minutes=1)
    write(any_site.runtime, any_site.account_manager, pair_of(any_site), "Verified just now.")
    assert unread_of_person(any_site, any_site.brand_person, MessageSide.BRAND) == 1
    assert [(message.side.value, message.name, message.text) for message in thread(any_site)] == [
        ("manager", "Lena Okafor", "Verified just now."),
        ("brand", "Camille Duval", "Where is our mark?"),
    ]


def test_each_of_a_brands_people_reads_for_themselves(site: Site) -> None:
    colleague = invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    write(site.runtime, site.account_manager, pair_of(site), "Good morning.")
    site.clock.forward(minutes=1)
    mark_read(site.runtime, site.brand_person, pair_of(site))
    assert unread_of_person(site, site.brand_person, MessageSide.BRAND) == 0
    assert unread_of_person(site, colleague, MessageSide.BRAND) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\r\nlines \r\n\r\n\r\n\r\nand more ", "two\nlines \n\nand more"),
        ("e\u0301", "é"),
        ("a\x07b\x1b[31mc", "ab[31mc"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_message_is_kept_as_text(site: Site, text: str, expected: str) -> None:
    write(site.runtime, site.brand_person, pair_of(site), text)
    assert thread(site)[0].text == expected


@pytest.mark.parametrize("text", ["", " \n ", "\x00\x07", "x" * (LONGEST + 1)])
def test_what_is_no_message_is_refused(site: Site, text: str) -> None:
    with pytest.raises(Invalid):
        write(site.runtime, site.brand_person, pair_of(site), text)
    assert thread(site) == []


def test_a_program_that_writes_is_stopped_and_the_other_side_is_not(site: Site) -> None:
    for number in range(30):
        write(site.runtime, site.brand_person, pair_of(site), f"{number}")
    with pytest.raises(Conflict):
        write(site.runtime, site.brand_person, pair_of(site), "one more")
    write(site.runtime, site.account_manager, pair_of(site), "Please call me.")
    site.clock.forward(hours=1, seconds=1)
    write(site.runtime, site.brand_person, pair_of(site), "one more")


def test_another_brand_or_manager_neither_reads_nor_writes(site: Site) -> None:
    message_id = write(site.runtime, site.brand_person, pair_of(site), "Ours.")
    rival = a_rival(site)
    manager = invite(site.runtime, "mei@touchstone.example", "Mei Castellan", Role.ACCOUNT_MANAGER)
    for stranger in (rival, manager, site.analyst):
        with pytest.raises(NotFound):
            write(site.runtime, stranger, pair_of(site), "Theirs.")
        with pytest.raises(NotFound):
            mark_read(site.runtime, stranger, pair_of(site))
        with pytest.raises(NotFound):
            erase(site.runtime, stranger, pair_of(site), message_id)
    assert [message.text for message in thread(site)] == ["Ours."]


def test_who_wrote_it_or_the_manager_erases_a_message_and_nothing_of_it_is_left(any_site: Site) -> None:
    colleague = invite(any_site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")
    mine = write(any_site.runtime, any_site.brand_person, pair_of(any_site), "A secret.")
    theirs = write(any_site.runtime, colleague, pair_of(any_site), "Another secret.")
    with pytest.raises(NotFound):
        erase(any_site.runtime, any_site.brand_person, pair_of(any_site), theirs)
    erase(any_site.runtime, any_site.brand_person, pair_of(any_site), mine)
    erase(any_site.runtime, any_site.account_manager, pair_of(any_site), theirs)
    with pytest.raises(NotFound):
        erase(any_site.runtime, any_site.brand_person, pair_of(any_site), mine)
    assert {message.text for message in thread(any_site)} == {None}
    assert unread_of_person(any_site, any_site.account_manager, MessageSide.MANAGER) == 0
    with any_site.runtime.store.read() as connection:
        stored = [*connection.execute(select(brand_message.c.text)).scalars()]
        logged = "".join(connection.execute(select(audit_payload.c.payload)).scalars())
    assert set(stored) == {"(erased)"}
    assert "secret" not in logged
