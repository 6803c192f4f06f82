import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from features import addresses, lexicon
from features.addresses import _PATTERNS, Addresses, _address_filter, find
from features.fold import fold
from features.lexicon import Kind
from features.listing import Listing
from features.reading import _INVISIBLE_CHARACTERS, _SCRIPTS, most_repeated_share, read_text
from tests.fixtures.facts import a_listing, feature_words, some_facts, value_of
from tests.fixtures.lexicon import SAMPLES
from tests.fixtures.strategies import ANY_TEXT, MIXED, PROPERTY

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
            assert number in _address_filter().possible(text)

    passes()


HOSTILE = ["a", "a.", "whatsapp ", "1 ", "+1 ", "a@", "https://", "a-", " . ", "加", "加1", "www.", "tel: 1", "(dot) "]


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hundred_thousand_characters_that_almost_match_are_searched(part: str) -> None:
    hits = find(part * (100_000 // len(part)))
    assert all(len(address) <= 300 for group in (hits.links, hits.hidden_links, hits.contacts) for address in group)


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
    assert value_of(name, facts) == expected
    assert feature_words(name, facts) == message


@pytest.mark.parametrize("name", ["text_links", "text_hidden_links", "text_contacts", "text_beside_brand"])
def test_without_text_it_is_unknown_and_not_clean(name: str) -> None:
    assert str(value_of(name, some_facts(title=None, description=None))) == "nan"


SCRIPTS = [
    ("Bag", ("latin",), "plain"),
    ("Sac à main", ("latin",), "accented"),
    ("Сумка", ("cyrillic",), "Cyrillic"),
    ("τσάντα", ("greek",), "Greek"),
    ("حقيبة", ("arabic",), "Arabic"),
    ("กระเป๋า", ("thai",), "Thai"),
    ("女包", ("chinese",), "Chinese"),
    ("バッグ", ("japanese",), "kana"),
    ("가방", ("korean",), "Korean"),
    ("Bag 女包 Сумка", ("latin", "cyrillic", "chinese"), "three"),
    ("👜 1:1", (), "no letters"),
]


@pytest.mark.parametrize(("title", "scripts", "_why"), SCRIPTS)
def test_a_text_is_written_in(title: str, scripts: tuple[str, ...], _why: str) -> None:
    assert read_text(a_listing(title=title, description=None)).scripts == scripts


TWO_ALPHABETS = [
    ("YЕЕZY slides".replace("ЕЕ", "\u0415\u0415"), ("Y\u0415\u0415ZY",), "Latin and Cyrillic in one word"),
    ("Bag сумка", (), "each word in its own alphabet"),
    ("5мм", (), "digits are no alphabet"),
    ("Νike", ("Νike",), "a Greek capital in a Latin word"),
    ("Nike", (), "plain"),
]


@pytest.mark.parametrize(("title", "words", "_why"), TWO_ALPHABETS)
def test_words_of_two_alphabets_are(title: str, words: tuple[str, ...], _why: str) -> None:
    assert read_text(a_listing(title=title)).mixed_words == words


def test_invisible_characters_are_counted_in_title_and_description() -> None:
    assert read_text(a_listing(title="gu\u200bcci\ufeff", description="b\u00adag")).invisible == 3


EVERY = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, 0x110000)))
RANGES = {name: re.compile(f"[{ranges}]") for name, ranges in _SCRIPTS.items()}


@PROPERTY
@given(ANY_TEXT | st.text(max_size=40), ANY_TEXT | st.text(max_size=40))
@example("Aé", EVERY)
@example(EVERY, "")
def test_characters_are_counted_as_one_by_one(title: str, description: str) -> None:
    reading, text = read_text(Listing(external_id="MP-1", title=title, description=description)), title + description
    assert reading.invisible == len(re.findall(f"[{_INVISIBLE_CHARACTERS}]", text))
    assert (reading.capitals, reading.small) == (sum(map(str.isupper, title)), sum(map(str.islower, title)))
    if not text.isascii():
        assert reading.scripts == tuple(name for name, characters in RANGES.items() if characters.search(text))
    assert reading.mixed_words == tuple(
        word
        for word in re.findall(r"[^\W\d_]+", title)
        if sum(bool(RANGES[name].search(word)) for name in ("latin", "cyrillic", "greek")) > 1
    )


@PROPERTY
@given(MIXED, MIXED)
def test_what_a_listing_s_filter_lets_through_is_what_each_text_s_filter_does(title: str, description: str) -> None:
    reading = read_text(Listing(external_id="MP-1", title=title, description=description))
    alone = lexicon.find_phrases(fold(title), where="title", raw=title.lower())
    if fold(description):
        alone += lexicon.find_phrases(fold(description), where="description")
    assert reading.phrase_matches == alone
    assert reading.addresses == addresses.find(f"{fold(title)} {fold(description)}")


def test_every_sample_of_the_lexicon_is_found_at_the_edges_of_both_texts() -> None:
    for sample in {fold(text) for _, text in SAMPLES}:
        phrase_matches = read_text(Listing(external_id="MP-1", title=sample, description=sample)).phrase_matches
        alone = [match for where in ("title", "description") for match in lexicon.find_phrases(sample, where=where)]
        assert [match for match in phrase_matches if match.term[:4] != "raw:"] == alone


def test_a_listing_without_text_reads_as_nothing() -> None:
    reading = read_text(a_listing(title=None, description=None))
    assert (reading.title_folded, reading.description_folded, reading.phrase_matches, reading.invisible) == (
        "",
        "",
        (),
        0,
    )


def test_hits_of_title_and_description_are_kept_apart_and_by_kind() -> None:
    reading = read_text(a_listing(title="replica bag", description="ask on whatsapp"))
    assert {phrase_match.where for phrase_match in reading.kinds[Kind.GRADE]} == {"title"}
    assert {phrase_match.where for phrase_match in reading.kinds[Kind.CONTACT]} == {"description"}


REPEATED = [("bag bag bag bag", 1.0), ("bag bag tote hat", 0.5), ("bag", 1.0), ("", 0.0)]


@pytest.mark.parametrize(("text", "share"), REPEATED)
def test_the_most_frequent_word_takes(text: str, share: float) -> None:
    assert most_repeated_share(text.split()) == share
