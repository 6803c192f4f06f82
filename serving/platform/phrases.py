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
        "parameters": {name: _parameter_as_json(parameter) for name, parameter in phrase.parameters.items()},
    }


def of_data(document: dict[str, Any]) -> Phrase:
    """The stored phrase.

    >>> of_data(as_data(Phrase("It ended on {day:%d %B}.", day=date(2026, 3, 6)))) == Phrase(
    ...     "It ended on {day:%d %B}.", day=date(2026, 3, 6)
    ... )
    True
    """
    return Phrase(
        document["template"], **{name: _parameter_from_json(raw) for name, raw in document["parameters"].items()}
    )


def _parameter_as_json(parameter: Parameter) -> Any:
    match parameter:
        case Phrase():
            return as_data(parameter)
        case Reasons():
            return {"reasons": [message_as_json(message) for message in parameter.messages]}
        case Decimal():
            return {"decimal": str(parameter)}
        case datetime():
            return {"moment": parameter.isoformat()}
        case date():
            return {"day": parameter.isoformat()}
        case time():
            return {"time": parameter.isoformat()}
    return parameter


def _parameter_from_json(raw: str | int | float | dict[str, Any]) -> Parameter:
    if not isinstance(raw, dict):
        return raw
    if "template" in raw:
        return of_data(raw)
    if "reasons" in raw:
        return reasons_of(*map(from_json, raw["reasons"]))
    [(kind, text)] = raw.items()
    return _READ[kind](text)
