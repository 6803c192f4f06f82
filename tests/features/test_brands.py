import json
import pickle
from importlib.resources import files

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from features.brands import Brand, BrandRegister, Form, Method, Resolution, compact
from features.fold import fold
from tests.fixtures.facts import REGISTER
from tests.fixtures.strategies import ANY_TEXT, PROPERTY, QUICK


def resolve(title: str | None = None, declared: str | None = None, gtin: str | None = None) -> Resolution:
    return REGISTER.resolve(title=title, declared=declared, gtin=gtin)


MENTIONS = [
    ("Aurelle Colline tote", Form.PLAIN, "as it is"),
    ("AURELLE COLLINE", Form.PLAIN, "in capitals"),
    ("sac Aurellé neuf", Form.FOLDED, "with an accent that it does not have"),
    ("Aur\u200belle tote", Form.FOLDED, "with a zero-width space"),
    ("Ａｕｒｅｌｌｅ　ｔｏｔｅ", Form.PLAIN, "in the full-width letters of an East Asian keyboard"),
    ("ＡＵＲＥＬＬＥ包", Form.PLAIN, "in full-width capitals"),
    ("𝐀𝐮𝐫𝐞𝐥𝐥𝐞 tote", Form.FOLDED, "in mathematical letters"),
    ("Aure11e tote", Form.OBFUSCATED, "with digits for letters"),
    ("Aurel|e tote", Form.OBFUSCATED, "with a bar for a letter"),
    ("@urelle tote", Form.OBFUSCATED, "with a sign for a letter"),
    ("Аurеllе tote", Form.OBFUSCATED, "with Cyrillic letters"),
    ("A u r e l l e tote", Form.OBFUSCATED, "spaced"),
    ("A-u-r.e_l*l/e tote", Form.OBFUSCATED, "with signs between"),
    ("Au re11e tote", Form.OBFUSCATED, "in two words"),
    ("女包奥蕾尔真皮", Form.PLAIN, "by its Chinese alias inside a sentence without blanks"),
    ("bag(Aurelle)", Form.PLAIN, "between brackets"),
    ("Aurelle包", Form.PLAIN, "touching a Chinese word"),
]


@pytest.mark.parametrize(("title", "form", "_why"), MENTIONS)
def test_a_brand_is_found_in_a_title(title: str, form: Form, _why: str) -> None:
    assert [(m.brand_id, m.form) for m in resolve(title).mentions] == [("brn_aurelle", form)]


CHATEAU = BrandRegister([Brand("brn_chateau", "Château Lune")])
WRITTEN = [
    ("Château Lune 2019", Form.PLAIN, "as it is registered"),
    ("Chateau Lune 2019", Form.PLAIN, "without the accent that it has"),
    ("Cha\u0302teau Lune 2019", Form.PLAIN, "with the accent stored by itself"),
    ("Château\u00a0Lune 2019", Form.PLAIN, "with a blank that does not break a line"),
    ("Ｃｈａｔｅａｕ　Ｌｕｎｅ", Form.PLAIN, "in full-width letters without the accent"),
    ("Château  Lune 2019", Form.PLAIN, "with two blanks"),
    ("Château🔥Lune❤️2019", Form.PLAIN, "with emoji between its words and behind it"),
    ("Château \u200bLune \u200e2019", Form.PLAIN, "with marks that take no room between its words"),
    ("\ufeffChâteau Lune\u00ad", Form.PLAIN, "with such marks at both ends"),
    ("\u202eenuL uaetâhC\u202c 2019", Form.FOLDED, "stored backwards, and shown the right way round"),
    ("Châ🔥teau Lune 2019", Form.OBFUSCATED, "with an emoji inside a word"),
    ("Châtéau Lune 2019", Form.FOLDED, "with an accent that it does not have"),
    ("Châ\u200bteau Lune 2019", Form.FOLDED, "with a zero-width space"),
]


@pytest.mark.parametrize(("title", "form", "_why"), WRITTEN)
def test_a_name_is_obfuscated_only_by_hiding_it(title: str, form: Form, _why: str) -> None:
    mentions = CHATEAU.resolve(title=title, declared=None, gtin=None).mentions
    assert [(m.brand_id, m.form) for m in mentions] == [("brn_chateau", form)]


NO_MENTIONS = [
    ("Taurellesque tote", "inside a longer word"),
    ("Aurelles", "a longer word that begins with it"),
    ("Aurel leather tote", "its beginning"),
    ("pure lle tote", "a part of it over two words"),
    ("taure lle tote", "joined words with more before it"),
    ("Lumos lamp", "a short name inside a longer word"),
    ("L u m o lamp", "a short name spaced: letters meet by chance"),
    ("1umo lamp", "a short name with a digit"),
    ("", "no text"),
]


@pytest.mark.parametrize(("title", "_why"), NO_MENTIONS)
def test_a_brand_is_not_found_in_a_title(title: str, _why: str) -> None:
    assert resolve(title).mentions == ()


def test_a_register_in_another_process_resolves_alike() -> None:
    there = pickle.loads(pickle.dumps(REGISTER))  # noqa: S301  # made here
    assert there.brands == REGISTER.brands
    for title in ("Aurelle tote", "A u r e l l e tote", "Aurele tote", "Solenne belt for Aurelle"):
        expected = REGISTER.resolve(title=title, declared=None, gtin=None)
        assert there.resolve(title=title, declared=None, gtin=None) == expected


def test_a_short_name_is_found_as_it_is() -> None:
    assert resolve("LUMO lamp").brand_id == "brn_lumo"


RESOLUTIONS = [
    (("Aurelle tote", "Aurelle", None), "brn_aurelle", Method.DECLARED, "declared and named"),
    (("Grey tote", "aurelle", None), "brn_aurelle", Method.DECLARED, "declared; the title names none"),
    (("Grey tote", "奥蕾尔", None), "brn_aurelle", Method.ALIAS, "declared by an alias"),
    (("Aurelle and Solenne", "Aurelle", None), "brn_aurelle", Method.DECLARED, "declared, named beside another"),
    (("Strap for Aurelle", "Nordfjell", None), None, None, "declared one, named another: for a person"),
    (("Aurelle tote", None, None), "brn_aurelle", Method.FOLDED_TITLE, "named only"),
    (("Au re11e tote", None, None), "brn_aurelle", Method.FOLDED_TITLE, "named in obfuscated text"),
    (("Aurelle or Solenne", None, None), None, None, "two named"),
    (("Aurelle tote", "no name", None), "brn_aurelle", Method.FOLDED_TITLE, "declared one that is not registered"),
    (("Grey tote", None, "3760121234561"), "brn_aurelle", Method.GTIN_PREFIX, "by the trade item number"),
    (("Grey tote", None, "3760123234561"), "brn_solenne", Method.GTIN_PREFIX, "by the longest prefix that fits"),
    (("Grey tote", None, "13760121234568"), "brn_aurelle", Method.GTIN_PREFIX, "by the number of a case of them"),
    (("Aurelle tote", None, "3760121234561"), "brn_aurelle", Method.GTIN_PREFIX, "named and numbered alike"),
    (("Aurelle tote", None, "3760123234561"), None, None, "named one, numbered another"),
    (("Grey tote", None, "376012123456"), None, None, "a US number: its prefix begins with a zero"),
    (("Grey tote", None, "37601212"), None, None, "a short number has no company prefix"),
    (("Grey tote", None, "3760121234561x"), None, None, "no number"),
    (("Grey tote", None, "٣٧٦٠١٢١٢٣٤٥٦١"), None, None, "digits of another script"),
    (("Grey tote", None, None), None, None, "no evidence"),
    ((None, None, None), None, None, "nothing at all"),
]


@pytest.mark.parametrize(("given_", "brand", "method", "_why"), RESOLUTIONS)
def test_the_brand_of_a_listing_is(
    given_: tuple[str | None, str | None, str | None], brand: str | None, method: Method | None, _why: str
) -> None:
    resolution = resolve(*given_)
    assert (resolution.brand_id, resolution.method) == (brand, method)


CANDIDATES = [
    (("Aurelle or Solenne", None, None), ("brn_aurelle", "brn_solenne"), "two named"),
    (("Strap for Aurelle", "Nordfjell", None), ("brn_aurelle", "brn_nordfjell"), "declared one, named another"),
    (("Aurelle tote", None, "3760123234561"), ("brn_aurelle", "brn_solenne"), "named one, numbered another"),
    (("Grey tote", None, None), (), "none"),
]


@pytest.mark.parametrize(("given_", "candidates", "_why"), CANDIDATES)
def test_every_brand_with_evidence_is_a_candidate(
    given_: tuple[str | None, str | None, str | None], candidates: tuple[str, ...], _why: str
) -> None:
    assert resolve(*given_).candidates == candidates


def test_a_resolution_names_the_brand_and_not_its_alias() -> None:
    assert resolve("奥蕾尔 女包").name == "Aurelle"


def test_an_empty_register_finds_nothing() -> None:
    assert BrandRegister([]).resolve(title="Aurelle tote", declared="Aurelle", gtin="3760121234561") == Resolution()


@PROPERTY
@given(ANY_TEXT, st.none() | ANY_TEXT, st.none() | ANY_TEXT)
def test_any_text_resolves_to_one_of_its_candidates_or_to_none(
    title: str, declared: str | None, gtin: str | None
) -> None:
    resolution = REGISTER.resolve(title=title, declared=declared, gtin=gtin)
    assert resolution.brand_id is None or resolution.brand_id in resolution.candidates


# The transforms that the register documents: case, invisible characters, look-alikes, stand-ins, letters spaced out.
_LOOKALIKES = json.loads(files("features").joinpath("data/confusables.json").read_text(encoding="utf-8"))
_STAND_INS = {"o": "0", "l": "1|!i", "e": "3", "a": "4@", "s": "5$"}


def _obfuscations(letter: str) -> list[str]:
    lookalikes = [sign for sign, latin in _LOOKALIKES.items() if fold(latin) == letter]
    return [letter, letter.upper(), *_STAND_INS.get(letter, ""), *lookalikes]


@st.composite
def obfuscated_names(draw: st.DrawFn, name: str) -> str:
    between = draw(st.sampled_from(["", " ", "-", ".", "\u200b", "\u00ad", " * "]))
    return between.join(draw(st.sampled_from(_obfuscations(letter))) for letter in name.lower())


@QUICK
@given(st.sampled_from(["Aurelle", "Solenne"]).flatmap(lambda name: st.tuples(st.just(name), obfuscated_names(name))))
@example(("Solenne", "so\uffe8enne"))
def test_an_obfuscated_name_is_still_found(name_and_title: tuple[str, str]) -> None:
    name, title = name_and_title
    assert [m.name for m in resolve(f"nice {title} bag").mentions] == [name]


@PROPERTY
@given(ANY_TEXT)
def test_only_letters_and_digits_decide_what_a_name_is(text: str) -> None:
    assert compact(" ".join(compact(text))) == compact(compact(text))
