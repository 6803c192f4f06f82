"""Errors as data: what is refused is translated by its template, and what is put into it stays what it is."""

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from string import Formatter

import hypothesis
import pytest
from hypothesis import strategies as st

import features
import models
import serving
import training
from features.message import message
from features.phrase import Parameter, Phrase
from models.errors import Conflict, Invalid
from models.messages.english import reasons_of, without_forms
from serving.platform.display import Display, showing_as
from serving.platform.languages import Language
from serving.web.wording.translated import phrase_in_words, refusal_in_words
from tests.serving.web.catalogues import OTHERS, catalogue
from tests.serving.web.refusals import NOT_SHOWN, all_refusals, shown_refusals

WITH_PLACES = sorted(template for template in shown_refusals() if "{" in template)


def test_nothing_is_kept_from_the_catalogues_that_is_not_in_the_source() -> None:
    assert NOT_SHOWN - all_refusals() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_every_refusal_that_somebody_is_shown_is_translated(language: Language) -> None:
    catalog = catalogue(language)
    missing = [
        template for template in shown_refusals() if (known := catalog.get(template)) is None or not known.string
    ]
    assert missing == [], "run `python -m tests.serving.web.catalogues`, or name it in NOT_SHOWN"


@pytest.mark.parametrize(
    ("language", "phrase", "expected"),
    [
        (
            Language("ru"),
            Phrase("A document can have at most {most:,} bytes.", most=5_000_000),
            "Документ не может быть больше 5 000 000 байт.",
        ),
        (
            Language("es"),
            Phrase("A document can have at most {size:g} MB.", size=2.5),
            "Un documento puede tener 2,5 MB como máximo.",
        ),
        (
            Language("es"),
            Phrase("{name} is above {most:,}.", name="price", most=Decimal(10_000_000)),
            "price es mayor que 10.000.000.",
        ),
        (
            Language("es"),
            Phrase(
                "The time to answer ended on {date:%-d %B %Y} at {time:%H:%M} UTC.",
                date=date(2026, 3, 6),
                time=time(9, 5),
            ),
            "El plazo para responder venció el 6 de marzo de 2026 a las 09:05 UTC.",
        ),
        # A phrase of ours inside another, and a reason of the rules.
        (
            Language("es"),
            Phrase("Row {n}: {why}", n=1_200, why=Phrase("{name} is below zero.", name="price")),
            "Fila 1.200: price es menor que cero.",
        ),
        (
            Language("es"),
            Phrase(
                "Nothing was recorded. {why}", why=reasons_of(message("certification.expired", date=date(2026, 5, 1)))
            ),
            "No se ha registrado nada. Su formación caducó el 1 de mayo de 2026; responda de nuevo a sus preguntas.",
        ),
        # What somebody wrote stays, also where it reads like words of ours or like a number.
        (Language("zh"), Phrase("{name} already represents your brand.", name="Open"), "Open 已可代表贵品牌。"),
        (
            Language("zh"),
            Phrase("{name} already represents your brand.", name="{n} 1,234"),
            "{n} 1,234 已可代表贵品牌。",
        ),
        # What no catalogue knows is English.
        (Language("ru"), Phrase("The planet {name} is closed.", name="Mars"), "The planet Mars is closed."),
        (Language("ru"), Phrase("Send {listing}."), "Send {listing}."),
    ],
)
def test_a_phrase_is_written_as_its_language_writes_it(language: Language, phrase: Phrase, expected: str) -> None:
    with showing_as(Display(language=language)):
        assert phrase_in_words(phrase).replace("\xa0", " ") == expected
        assert refusal_in_words(Invalid(phrase)).replace("\xa0", " ") == expected


def test_english_stays_to_the_letter_what_the_rule_wrote() -> None:
    late = Conflict("It ended on {at:%-d %B %Y at %H:%M}, {n:,} times.", at=datetime(2026, 3, 6, 9, 5), n=1_200)  # noqa: DTZ001
    assert refusal_in_words(late) == late.sentence == "It ended on 6 March 2026 at 09:05, 1,200 times."


def _hostile() -> st.SearchStrategy[Parameter]:
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    number = st.one_of(st.integers(0, 2**53), st.floats(0, 1e10), st.decimals(0, 10**10, allow_nan=False))
    return st.one_of(text, st.text("{}%()!:,.0123456789n", max_size=20), number)


@hypothesis.given(template=st.sampled_from(WITH_PLACES), values=st.lists(_hostile(), min_size=9, max_size=9))
@hypothesis.settings(max_examples=3 * hypothesis.settings().max_examples, deadline=None)
def test_whatever_is_put_into_a_refusal_it_is_shown(template: str, values: list[Parameter]) -> None:
    places = [name for _, name, _, _ in Formatter().parse(template) if name]
    phrase = Phrase(template, **dict(zip(places, values, strict=False)))
    with showing_as(Display(language=Language("ru"))):
        shown = phrase_in_words(phrase)
    assert all(parameter in shown for parameter in phrase.parameters.values() if isinstance(parameter, str))


@pytest.mark.parametrize("template", ["Plain.", "{n} of {most}", "{{n}} of {most}"])
def test_bare_places_are_their_own_bare_places(template: str) -> None:
    assert without_forms(template) == template


def test_no_error_is_given_a_finished_sentence() -> None:
    """A sentence with values already inserted can no longer be translated."""
    texts = {path: path.read_text(encoding="utf-8") for path in _sources()}
    kinds = {"Phrase", "PatternRefused", *_errors("\n".join(texts.values()))}
    finished = [
        f"{path.name}:{node.lineno}"
        for path, text in texts.items()
        if re.search(rf"\b(?:{'|'.join(kinds)})\(\s*f", text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds
        if any(isinstance(argument, ast.JoinedStr) for argument in node.args)
    ]
    assert finished == []


def _sources() -> Iterator[Path]:
    for package in (features, models, serving, training):
        yield from Path(package.__path__[0]).rglob("*.py")


def _errors(texts: str) -> set[str]:
    """The names of the classes that are domain errors."""
    bases = {
        name: set(re.findall(r"\w+", above)) for name, above in re.findall(r"^ *class (\w+)\((.*)\):", texts, re.M)
    }
    errors, before = {"DomainError"}, set[str]()
    while errors != before:
        before = errors
        errors = errors | {name for name, above in bases.items() if above & errors}
    return errors
