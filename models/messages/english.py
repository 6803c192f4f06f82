"""Messages as English sentences: the catalogue, a sentence for every code in files by subject, and its filling.

`english/outside/` is for brands, sellers and notifiers and is translated. `english/staff/` is for the marketplace's own
users.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from babel import Locale

from features.facts import amount_text
from features.message import Amount, Message
from features.phrase import Reasons

_ENGLISH: Final = "english"
_READERS: Final = ("outside", "staff")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template with placeholders such as `{n}` and `{share:.0%}`; with `other`, `text` is the singular."""

    text: str
    other: str | None = None


@cache
def sentences() -> Mapping[str, Sentence]:
    """Every sentence by its code."""
    return {code: sentence for readers in _READERS for code, sentence in _read_sentences(readers).items()}


def translated_sentences() -> Mapping[str, Sentence]:
    """The translated sentences by their codes."""
    return _read_sentences("outside")


@cache
def _read_sentences(readers: str) -> Mapping[str, Sentence]:
    by_code: dict[str, Sentence] = {}
    folder = files("models.messages").joinpath(_ENGLISH, readers)
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        for code, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            by_code[code] = Sentence(text) if isinstance(text, str) else Sentence(*text)
    return by_code


def fill_template(
    template: str,
    values: Mapping[str, Any],
    write: Callable[[Any, str], str],
    hows: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The template with `write(value, how)` for each `{name:how}`; `hows` gives the format of a bare `{name}`."""
    return "".join(
        text + (write(values[name], how or hows.get(name, "")) if name else "")
        for text, name, how, _ in Formatter().parse(template)
    )


def placeholders(template: str) -> Iterator[tuple[str, str]]:
    """The name and the format of each placeholder."""
    for _, name, how, _ in Formatter().parse(template):
        if name:
            yield name, how or ""


@cache
def without_forms(template: str) -> str:
    """The template without formats, which is its key in the catalogues of other languages.

    >>> without_forms("In {{braces}}: {n:,} of {most!r}.")
    'In {{braces}}: {n} of {most}.'
    """
    return "".join(
        literal.replace("{", "{{").replace("}", "}}") + ("" if name is None else f"{{{name}}}")
        for literal, name, _, _ in Formatter().parse(template)
    )


def percent_digits(share: float) -> int:
    """The decimal places that a share needs as a percentage: 0 for .9, 1 for .005."""
    exponent = (Decimal(str(share)) * 100).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_DAY: Final = "%-d %B %Y"


def in_english(message: Message) -> str:
    """The sentence of a message.

    Raises KeyError (the catalogue has no such code, or the message lacks a parameter of its sentence).
    """
    sentence = sentences()[message.code]
    is_many = sentence.other is not None and message.parameters["n"] != 1
    return fill_template(
        sentence.other if is_many and sentence.other else sentence.text, message.parameters, _format_parameter
    )


def fields_in_english(messages: "DataclassInstance") -> dict[str, str | None]:
    """The sentence of each field of a dataclass of messages; None where the field is."""
    by_field: dict[str, Message | None] = {field.name: getattr(messages, field.name) for field in fields(messages)}
    return {name: None if message is None else in_english(message) for name, message in by_field.items()}


def reasons_of(*messages: Message) -> Reasons:
    """The reasons of a rule as the parameter of a phrase."""
    reasons = Reasons(" ".join(map(in_english, messages)))
    reasons.messages = messages
    return reasons


def _format_parameter(parameter: Any, how: str) -> str:
    match parameter:
        case Message():
            return in_english(parameter)
        case Amount():
            return amount_text(parameter.value, parameter.currency)
        case date():
            return parameter.strftime(_DAY)
        case tuple():
            return _format_list([_format_parameter(part, "") for part in parameter], how)
        case float() if how == "%":
            return f"{parameter:.{percent_digits(parameter)}%}"
        case int():
            return format(parameter, how or ",")
        case _:
            return format(parameter, how)


def _format_list(written: Sequence[str], how: str) -> str:
    match how:
        case "countries":
            names = Locale("en").territories
            return _format_list([names.get(code, code) for code in written], "and") or "no country"
        case "quoted":
            return ", ".join(f"“{text}”" for text in written)
        case "and" | "or" if len(written) > 1:
            return f"{', '.join(written[:-1])} {how} {written[-1]}"
        case _:
            return ", ".join(written)
