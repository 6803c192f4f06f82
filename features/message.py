"""A message as data: a code and typed parameters. The display layer turns it into a sentence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

_MOST_QUOTED: Final = 3
_PLAIN: Final = (str, int, float, type(None))


class Amount(NamedTuple):
    """An amount of money as stated."""

    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Message:
    """A code of the catalogue (`models.messages`) and the parameters of its sentence.

    Numbers are counts, shares of 1 or plain figures; the sentence formats each. A tuple is a list in the sentence, and
    a nested message is a phrase.
    """

    code: str
    parameters: Mapping[str, Any]


Parameter = str | int | float | date | Amount | Message | tuple[str, ...] | tuple[Message, ...]


def message(code: str, /, **parameters: Parameter) -> Message:
    return Message(code, parameters)


def part_message(code: str, part: float | None, whole: float | None) -> Message | None:
    """A message with `part` and `n`; None where the whole is unknown, or none as a whole number."""
    n = round(whole or 0)
    return message(code, part=round(part or 0), n=n) if n else None


def age_message(code: str, days: float | None) -> Message:
    """A message with the age in days; `code.today` for an age of none."""
    n = round(days or 0)
    return message(code, n=n) if n else message(f"{code}.today")


def quote_message(code: str, texts: Sequence[str]) -> Message:
    """A message with the first three distinct texts as `words`; `code.none` where there are none."""
    words = tuple(dict.fromkeys(texts))[:_MOST_QUOTED]
    return message(code, words=words) if words else message(f"{code}.none")


def price_comparison(code: str, log_ratio: float, **parameters: Parameter) -> Message:
    """How one price compares with another: equal, `share` below or above it, or `times` as high."""
    ratio = math.exp(min(log_ratio, 20.0))
    if 0.95 <= ratio <= 1.05:
        return message(f"{code}.equal", **parameters)
    if ratio > 2:
        return message(f"{code}.times", times=ratio, **parameters)
    return message(f"{code}.{'below' if ratio < 1 else 'above'}", share=abs(1 - ratio), **parameters)


def as_json(message: Message) -> dict[str, Any]:
    """The JSON form for a column or a response; `from_json` is the inverse."""
    return {
        "code": message.code,
        "parameters": {name: _as_json_value(parameter) for name, parameter in message.parameters.items()},
    }


def from_json(stored: Mapping[str, Any]) -> Message:
    """The inverse of `as_json`."""
    return Message(
        stored["code"], {name: _from_json_value(parameter) for name, parameter in stored["parameters"].items()}
    )


def each_as_json(parts: Mapping[str, Message]) -> dict[str, Any]:
    """Named messages as JSON for a column; `each_from_json` is the inverse."""
    return {name: as_json(part) for name, part in parts.items()}


def each_from_json(stored: Mapping[str, Any] | None) -> dict[str, Message]:
    """The inverse of `each_as_json`; empty where nothing was stored."""
    return {name: from_json(part) for name, part in (stored or {}).items()}


def _as_json_value(parameter: Any) -> Any:
    match parameter:
        case Message():
            return as_json(parameter)
        case Amount():
            return {"amount": str(parameter.value), "currency": parameter.currency}
        case date():
            return {"day": parameter.isoformat()}
        case tuple():
            return [_as_json_value(part) for part in parameter]
        case _:
            return parameter


def _from_json_value(parameter: Any) -> Any:
    if isinstance(parameter, _PLAIN):  # Almost every one; to find that out below takes ten times as long.
        return parameter
    match parameter:
        case {"code": _}:
            return from_json(parameter)
        case {"amount": amount, "currency": currency}:
            return Amount(Decimal(amount), currency)
        case {"day": day}:
            return date.fromisoformat(day)
        case list():
            return tuple(_from_json_value(part) for part in parameter)
        case _:
            return parameter
