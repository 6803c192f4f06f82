"""Short texts about rights and powers of attorney, as stored."""

from typing import Final

from features.phrase import Phrase
from models.errors import Invalid

_LONGEST: Final = {"title": 200, "office": 40, "number": 40, "agent": 200, "note": 500, "name": 200}
_UNFIT: Final = {
    "title": Phrase("The title must have 1 to {most} characters, all of them visible.", most=_LONGEST["title"]),
    "office": Phrase("The office must have 1 to {most} characters, all of them visible.", most=_LONGEST["office"]),
    "number": Phrase("The number must have 1 to {most} characters, all of them visible.", most=_LONGEST["number"]),
    "agent": Phrase("The agent must have 1 to {most} characters, all of them visible.", most=_LONGEST["agent"]),
    "note": Phrase("The note has 1 to {most} characters that can be seen.", most=_LONGEST["note"]),
    "name": Phrase("The name must have 1 to {most} characters, all of them visible.", most=_LONGEST["name"]),
}


def kept_text(what: str, given: str) -> str:
    """A text without surrounding white space.

    Raises Invalid (the text is empty, too long, or contains an invisible character).
    """
    found = given.strip()
    if not found or len(found) > _LONGEST[what] or not found.isprintable():
        raise Invalid(_UNFIT[what])
    return found
