"""Sentence templates with their parameters, kept apart so that a page can translate them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TypeAlias

from features.message import Message


class Reasons(str):
    """The reasons of rules in a phrase: their English sentences, and the messages for other languages."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, init=False)
class Phrase:
    """A template in English, in the syntax of `str.format`, and its parameters. As text it is the English sentence.

    Text from other parties is a parameter and never part of the template. A nested phrase is a parameter too, and is
    translated separately.

    >>> str(Phrase("A note has at most {most:,} characters.", most=2_000))
    'A note has at most 2,000 characters.'
    """

    template: str
    parameters: Mapping[str, "Parameter"]

    def __init__(self, template: str, /, **parameters: "Parameter") -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "parameters", parameters)

    def __str__(self) -> str:
        """The English sentence. Without parameters it is the template as it stands, braces included."""
        return self.template.format(**self.parameters) if self.parameters else self.template


Parameter: TypeAlias = str | int | float | Decimal | date | time | Reasons | Phrase
