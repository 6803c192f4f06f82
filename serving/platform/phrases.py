"""Phrases as JSON, stored for later display in each reader's language."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from features.message import as_json as message_as_json
from features.message import from_json
from features.phrase import Parameter, Phrase, Reasons
from models.messages.english import reasons_of

# Kinds of parameter that JSON does not have, by their stored name.
_READ: Final[Mapping[str, Callable[[str], Parameter]]] = {
    "decimal": Decimal,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "time": time.fromisoformat,
}


def as_data(phrase: Phrase) -> dict[str, Any]:
    """A phrase as JSON."""
    return {
        "template": phrase.template,
        "parameters": {name: _kept(value) for name, value in phrase.parameters.items()},
    }


def of_data(found: dict[str, Any]) -> Phrase:
    """The stored phrase.

    >>> of_data(as_data(Phrase("It ended on {day:%d %B}.", day=date(2026, 3, 6)))) == Phrase(
    ...     "It ended on {day:%d %B}.", day=date(2026, 3, 6)
    ... )
    True
    """
    return Phrase(found["template"], **{name: _read(value) for name, value in found["parameters"].items()})


def _kept(value: Parameter) -> Any:
    match value:
        case Phrase():
            return as_data(value)
        case Reasons():
            return {"reasons": [message_as_json(message) for message in value.messages]}
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case time():
            return {"time": value.isoformat()}
    return value


def _read(kept: str | int | float | dict[str, Any]) -> Parameter:
    if not isinstance(kept, dict):
        return kept
    if "template" in kept:
        return of_data(kept)
    if "reasons" in kept:
        return reasons_of(*map(from_json, kept["reasons"]))
    [(kind, text)] = kept.items()
    return _READ[kind](text)
