"""The right that a notice names: what the notifier says, which nobody has verified."""

from dataclasses import dataclass
from typing import Final

from models.errors import Invalid
from serving.brands.rules.rights import RightKind

LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class NamedRight:
    """A right as the notifier names it; what is left out is empty. `office` registered it under `number`."""

    kind: str = ""
    office: str = ""
    number: str = ""
    owner: str = ""
    by_power_of_attorney: bool = False


NO_RIGHT: Final = NamedRight()


def as_stored(given: NamedRight) -> NamedRight:
    """The right without surrounding blanks.

    Raises Invalid (the kind is unknown, or a text is too long or has line breaks).
    """
    texts = {"office": given.office.strip(), "number": given.number.strip(), "owner": given.owner.strip()}
    if given.kind and given.kind not in {kind.value for kind in RightKind}:
        raise Invalid("Choose the kind of the right, or leave it out.")
    if any(len(text) > LONGEST or not text.isprintable() for text in texts.values()):
        raise Invalid(
            "Office, number and owner of a right must each be one line of at most {most} characters.", most=LONGEST
        )
    return NamedRight(given.kind, **texts, by_power_of_attorney=given.by_power_of_attorney)
