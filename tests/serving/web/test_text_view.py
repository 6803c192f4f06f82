import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.web.text_view import Kind, is_all_seen, is_unseen, show
from serving.web.wording.language_choice import language_tag

UNSEEN = [
    ("\u200b", "ZWSP", "zero width space"),
    ("\u200d", "ZWJ", "zero width joiner"),
    ("\u202e", "RLO", "right-to-left override"),
    ("\u2066", "LRI", "left-to-right isolate"),
    ("\u00ad", "SHY", "soft hyphen"),
    ("\ufeff", "BOM", "zero width no-break space"),
    ("\u3164", "FILL", "hangul filler"),
    ("\x1b", "U+001B", "without a name"),
    ("\U000e0041", "U+E0041", "tag latin capital letter a"),
    ("\ue000", "U+E000", "without a name"),
]


@pytest.mark.parametrize(("character", "name", "described"), UNSEEN)
def test_what_cannot_be_seen_has_a_name(character: str, name: str, described: str) -> None:
    [before, hidden, after] = show(f"a{character}b").pieces
    assert (before.text, hidden.kind, hidden.text, after.text) == ("a", Kind.UNSEEN, name, "b")
    assert described in hidden.name


@pytest.mark.parametrize(
    ("text", "names", "marked"),
    [
        ("Au\u200bre11e tote", ["Aurelle"], ["11"]),
        ("N0rdfjell parka", ["Nordfjell"], ["0"]),
        ("Kestre1 & Vane 904L", ["Kestrel & Vane"], ["1"]),
        ("Аurеlle", [], ["А", "е"]),  # Cyrillic among Latin.
        ("Кoжа", [], ["o"]),  # Latin among Cyrillic.
        ("iPhone 15 512GB 3XL", ["Aurelle"], []),
        ("Сумка Aurelle", ["Aurelle"], []),
        ("Aurelle 2011", ["Aurelle"], []),
        ("奥蕾尔 托特包", ["Aurelle"], []),
    ],
)
def test_letters_that_stand_for_others_are_marked(text: str, names: list[str], marked: list[str]) -> None:
    assert [piece.text for piece in show(text, names=names).pieces if piece.kind is Kind.LOOKALIKE] == marked


def test_hidden_and_pretending_characters_are_counted() -> None:
    shown_text = show("Au\u200bre11e\u200b", names=["Aurelle"])
    assert (shown_text.unseen, shown_text.lookalikes) == (2, 2)


@given(st.text(max_size=200))
def test_nothing_is_lost_and_nothing_unseen_is_left(text: str) -> None:
    shown_text = show(text, names=["Aurelle", "Kestrel & Vane"])
    visible_text = "".join(piece.text for piece in shown_text.pieces if piece.kind is not Kind.UNSEEN)
    assert visible_text == "".join(c for c in text if c in "\n\r\t" or not is_unseen(c))
    assert shown_text.unseen == len(text) - len(visible_text)


@pytest.mark.parametrize(
    ("language", "shown", "tag"),
    [
        ("en", "en", "EN"),
        ("zh-Hans", "zh-Hans", "ZH"),
        (None, None, "?"),
        ('en" onload="x', None, "?"),
        ("<b>", None, "?"),
    ],
)
def test_a_language_is_only_given_on_where_it_is_one(language: str | None, shown: str | None, tag: str) -> None:
    assert show("text", language=language).language == shown
    assert language_tag(language) == tag


@pytest.mark.parametrize(
    ("language", "title", "description", "tag"),
    [
        (None, "Aurelle Colline tote in grained leather", "Worn twice, with receipt from the shop in Lyon.", "EN"),
        (None, "Zapatillas de piel para mujer", "Nuevas, con la caja original y la factura de la tienda.", "ES"),
        ("fr", "Aurelle Colline tote in grained leather", "Worn twice, with receipt from the shop in Lyon.", "FR"),
        (None, "Vela Nord X-200", None, "?"),
        (None, None, None, "?"),
    ],
    ids=["English", "Spanish", "what the listing states comes first", "names alone", "no text"],
)
def test_a_listing_without_a_language_shows_that_of_its_text(
    language: str | None, title: str | None, description: str | None, tag: str
) -> None:
    assert language_tag(language, title, description) == tag


def test_a_text_that_needs_no_closer_look_has_no_unseen_character() -> None:
    assert [
        f"{ord(character):X}"
        for character in map(chr, range(0x110000))
        if is_all_seen(character) and is_unseen(character)
    ] == []
    assert is_all_seen("Aurelle bag, 100 % leather: 包, сумка, é")
