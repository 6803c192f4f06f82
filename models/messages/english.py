"""Messages as English sentences."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from features.facts import amount_text
from features.message import Amount, Message
from features.phrase import Reasons
from models.messages.catalogue import sentences
from models.messages.filling import fill, percent_digits

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_DAY: Final = "%-d %B %Y"


def in_english(found: Message) -> str:
    """The sentence of a message.

    Raises KeyError (the catalogue has no such code, or the message lacks a parameter of its sentence).
    """
    sentence = sentences()[found.code]
    is_many = sentence.other is not None and found.parameters["n"] != 1
    return fill(sentence.other if is_many and sentence.other else sentence.text, found.parameters, _written)


def fields_in_english(found: "DataclassInstance") -> dict[str, str | None]:
    """The sentence of each field of a dataclass of messages; None where the field is."""
    told: dict[str, Message | None] = {one.name: getattr(found, one.name) for one in fields(found)}
    return {name: None if one is None else in_english(one) for name, one in told.items()}


def reasons_of(*messages: Message) -> Reasons:
    """The reasons of a rule as the parameter of a phrase."""
    found = Reasons(" ".join(map(in_english, messages)))
    found.messages = messages
    return found


def _written(value: Any, how: str) -> str:
    match value:
        case Message():
            return in_english(value)
        case Amount():
            return amount_text(value.value, value.currency)
        case date():
            return value.strftime(_DAY)
        case tuple():
            return _listed([_written(one, "") for one in value], how)
        case float() if how == "%":
            return f"{value:.{percent_digits(value)}%}"
        case int():
            return format(value, how or ",")
        case _:
            return format(value, how)


def _listed(written: Sequence[str], how: str) -> str:
    match how:
        case "countries":
            return ", ".join(written) or "no country"
        case "quoted":
            return ", ".join(f"“{one}”" for one in written)
        case "and" | "or" if len(written) > 1:
            return f"{', '.join(written[:-1])} {how} {written[-1]}"
        case _:
            return ", ".join(written)
