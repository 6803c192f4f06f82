import re

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from features import addresses, lexicon
from features.fold import fold
from features.lexicon import Kind
from features.listing import Listing
from features.reading import _INVISIBLE_CHARACTERS, _SCRIPTS, most_repeated_share, read
from tests.fixtures.facts import a_listing
from tests.fixtures.lexicon import SAMPLES
from tests.fixtures.strategies import ANY_TEXT, MIXED, PROPERTY

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
    assert read(a_listing(title=title, description=None)).scripts == scripts


TWO_ALPHABETS = [
    ("YЕЕZY slides".replace("ЕЕ", "\u0415\u0415"), ("Y\u0415\u0415ZY",), "Latin and Cyrillic in one word"),
    ("Bag сумка", (), "each word in its own alphabet"),
    ("5мм", (), "digits are no alphabet"),
    ("Νike", ("Νike",), "a Greek capital in a Latin word"),
    ("Nike", (), "plain"),
]


@pytest.mark.parametrize(("title", "words", "_why"), TWO_ALPHABETS)
def test_words_of_two_alphabets_are(title: str, words: tuple[str, ...], _why: str) -> None:
    assert read(a_listing(title=title)).mixed_words == words


def test_invisible_characters_are_counted_in_title_and_description() -> None:
    assert read(a_listing(title="gu\u200bcci\ufeff", description="b\u00adag")).invisible == 3


EVERY = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, 0x110000)))
RANGES = {name: re.compile(f"[{ranges}]") for name, ranges in _SCRIPTS.items()}


@PROPERTY
@given(ANY_TEXT | st.text(max_size=40), ANY_TEXT | st.text(max_size=40))
@example("Aé", EVERY)
@example(EVERY, "")
def test_characters_are_counted_as_one_by_one(title: str, description: str) -> None:
    found, text = read(Listing(external_id="MP-1", title=title, description=description)), title + description
    assert found.invisible == len(re.findall(f"[{_INVISIBLE_CHARACTERS}]", text))
    assert (found.capitals, found.small) == (sum(map(str.isupper, title)), sum(map(str.islower, title)))
    if not text.isascii():
        assert found.scripts == tuple(name for name, characters in RANGES.items() if characters.search(text))
    assert found.mixed_words == tuple(
        word
        for word in re.findall(r"[^\W\d_]+", title)
        if sum(bool(RANGES[name].search(word)) for name in ("latin", "cyrillic", "greek")) > 1
    )


@PROPERTY
@given(MIXED, MIXED)
def test_what_a_listing_s_filter_lets_through_is_what_each_text_s_filter_does(title: str, description: str) -> None:
    found = read(Listing(external_id="MP-1", title=title, description=description))
    alone = lexicon.find(fold(title), where="title", raw=title.lower())
    if fold(description):
        alone += lexicon.find(fold(description), where="description")
    assert found.phrase_matches == alone
    assert found.addresses == addresses.find(f"{fold(title)} {fold(description)}")


def test_every_sample_of_the_lexicon_is_found_at_the_edges_of_both_texts() -> None:
    for sample in {fold(one) for _, one in SAMPLES}:
        found = read(Listing(external_id="MP-1", title=sample, description=sample)).phrase_matches
        alone = [one for where in ("title", "description") for one in lexicon.find(sample, where=where)]
        assert [one for one in found if one.term[:4] != "raw:"] == alone


def test_a_listing_without_text_reads_as_nothing() -> None:
    found = read(a_listing(title=None, description=None))
    assert (found.title_folded, found.description_folded, found.phrase_matches, found.invisible) == ("", "", (), 0)


def test_hits_of_title_and_description_are_kept_apart_and_by_kind() -> None:
    found = read(a_listing(title="replica bag", description="ask on whatsapp"))
    assert {phrase_match.where for phrase_match in found.kinds[Kind.GRADE]} == {"title"}
    assert {phrase_match.where for phrase_match in found.kinds[Kind.CONTACT]} == {"description"}


REPEATED = [("bag bag bag bag", 1.0), ("bag bag tote hat", 0.5), ("bag", 1.0), ("", 0.0)]


@pytest.mark.parametrize(("text", "share"), REPEATED)
def test_the_most_frequent_word_takes(text: str, share: float) -> None:
    assert most_repeated_share(text.split()) == share
