from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.addresses import _PATTERNS, Addresses, _any_of, find
from features.fold import fold
from tests.fixtures.facts import some_facts, value, words
from tests.fixtures.strategies import PROPERTY

LINKS = [
    ("see www.bags-aaa.ru/x", "www.bags-aaa.ru/x", "with www"),
    ("at https://bags.example/1?x=2 now", "https://bags.example/1?x=2", "with a scheme"),
    ("bagsrep.com", "bagsrep.com", "a bare name"),
    ("write t.me/bagsrep", "t.me/bagsrep", "a messenger's short address"),
    ("ＢＡＧＳ．ＣＯＭ", "bags.com", "in full-width letters"),
]


@pytest.mark.parametrize(("text", "link", "_why"), LINKS)
def test_a_link_is_found(text: str, link: str, _why: str) -> None:
    assert find(fold(text)) == Addresses(links=(link,))


HIDDEN = [
    ("bagsrep dot com", "bagsrep dot com"),
    ("bagsrep (dot) com", "bagsrep (dot) com"),
    ("bagsrep[.]com", "bagsrep[.]com"),
    ("bagsrep . com", "bagsrep . com"),
    ("bagsrep点com", "bagsrep点com"),
    ("bagsrep точка ru", "bagsrep точка ru"),
    ("hxxps://bags", "hxxps://bags"),
]


@pytest.mark.parametrize(("text", "link"), HIDDEN)
def test_a_hidden_link_is_found(text: str, link: str) -> None:
    assert find(fold(text)).hidden_links == (link,)


CONTACTS = [
    ("a.b@mail.example", "a.b@mail.example", "an e-mail address"),
    ("a.b (at) mail.example", "a.b (at) mail.example", "one that hides"),
    ("call +33 6 12 34 56 78", "+33 6 12 34 56 78", "an international number"),
    ("tel. 0612345678", "0612345678", "a number behind a word for telephone"),
    ("тел. 8 903 123-45-67", "8 903 123-45-67", "in Russian"),
    ("13800138000", "13800138000", "a Chinese mobile number by itself"),
    ("WhatsApp: bagking88", "bagking88", "an account behind a messenger's name and a sign"),
    ("加微信 abc12345", "abc12345", "in Chinese, right behind"),
    ("find us (@bagking)", "@bagking", "a handle"),
]


@pytest.mark.parametrize(("text", "contact", "_why"), CONTACTS)
def test_a_way_to_reach_somebody_is_found(text: str, contact: str, _why: str) -> None:
    assert find(fold(text)) == Addresses(contacts=(contact,))


NOTHING = [
    ("sizes 36 37 38 39 40 41", "sizes"),
    ("EAN 4006381333931", "a trade item number"),
    ("The bag.It is new", "a missing blank"),
    ("version 2.0.in box", "a number"),
    ("in stock. me too", "two sentences"),
    ("line a20 cable, mobile a52s case", "models of telephones"),
    ("5.5 mm, No.5, 100.00", "figures"),
    ("order number 12345678", "a number that is none to call"),
    ("", "nothing"),
]


@pytest.mark.parametrize(("text", "_why"), NOTHING)
def test_no_address_is_found_in(text: str, _why: str) -> None:
    assert find(fold(text)) == Addresses()


def test_each_address_is_found_once_and_a_mails_host_is_no_link() -> None:
    assert find("me@bags.com") == Addresses(contacts=("me@bags.com",))
    assert find("bags.com bags.com") == Addresses(links=("bags.com",))


@pytest.mark.parametrize("pattern", _PATTERNS, ids=lambda pattern: pattern.pattern[:30])
def test_every_match_of_a_pattern_passes_the_filter(pattern: Any) -> None:
    number = _PATTERNS.index(pattern)

    @PROPERTY
    @given(st.from_regex(pattern.pattern))
    def passes(text: str) -> None:
        if pattern.search(text):
            assert number in _any_of().possible(text)

    passes()


HOSTILE = ["a", "a.", "whatsapp ", "1 ", "+1 ", "a@", "https://", "a-", " . ", "加", "加1", "www.", "tel: 1", "(dot) "]


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hundred_thousand_characters_that_almost_match_are_searched(part: str) -> None:
    found = find(part * (100_000 // len(part)))
    assert all(len(one) <= 300 for some in (found.links, found.hidden_links, found.contacts) for one in some)


SENTENCES = [
    ("text_links", {"description": "see bags.com"}, 1.0, "Links in the text: “bags.com”."),
    ("text_links", {}, 0.0, "No links in the text."),
    ("text_hidden_links", {"description": "bags dot com"}, 1.0, "Obfuscated links: “bags dot com”."),
    (
        "text_contacts",
        {"description": "tel +33 6 12 34 56 78"},
        1.0,
        "Contact details in the text: “+33 6 12 34 56 78”.",
    ),
    (
        "text_beside_brand",
        {"title": "Aurelle bag 1:1 replica"},
        1.0,
        "1 kind of suspect wording together with the brand Aurelle.",
    ),
    (
        "text_beside_brand",
        {"title": "Bag 1:1 replica", "brand": None},
        0.0,
        "No suspect wording together with a brand name.",
    ),
    ("text_beside_brand", {}, 0.0, "No suspect wording together with a brand name."),
]


@pytest.mark.parametrize(("name", "changes", "expected", "message"), SENTENCES)
def test_an_address_is_a_number_and_a_sentence(
    name: str, changes: dict[str, object], expected: float, message: str
) -> None:
    facts = some_facts(**changes)  # type: ignore[arg-type]  # rows of a table
    assert value(name, facts) == expected
    assert words(name, facts) == message


@pytest.mark.parametrize("name", ["text_links", "text_hidden_links", "text_contacts", "text_beside_brand"])
def test_without_text_it_is_unknown_and_not_clean(name: str) -> None:
    assert str(value(name, some_facts(title=None, description=None))) == "nan"
