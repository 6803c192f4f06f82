import pytest

from features.lexicon import Kind
from features.reading import most_repeated_share, read
from tests.fixtures.facts import a_listing

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


@pytest.mark.parametrize(("title", "scripts", "_why"), SCRIPTS, ids=[row[-1] for row in SCRIPTS])
def test_a_text_is_written_in(title: str, scripts: tuple[str, ...], _why: str) -> None:
    assert read(a_listing(title=title, description=None)).scripts == scripts


MIXED = [
    ("YЕЕZY slides".replace("ЕЕ", "\u0415\u0415"), ("Y\u0415\u0415ZY",), "Latin and Cyrillic in one word"),
    ("Bag сумка", (), "each word in its own alphabet"),
    ("5мм", (), "digits are no alphabet"),
    ("Νike", ("Νike",), "a Greek capital in a Latin word"),
    ("Nike", (), "plain"),
]


@pytest.mark.parametrize(("title", "words", "_why"), MIXED, ids=[row[-1] for row in MIXED])
def test_words_of_two_alphabets_are(title: str, words: tuple[str, ...], _why: str) -> None:
    assert read(a_listing(title=title)).mixed_words == words


def test_invisible_characters_are_counted_in_title_and_description() -> None:
    assert read(a_listing(title="gu\u200bcci\ufeff", description="b\u00adag")).invisible == 3


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
