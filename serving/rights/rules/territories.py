"""Territories as they are typed, and in their stored form."""

import re
from collections.abc import Sequence
from typing import Final

from models.errors import Invalid
from serving.rights.rules.rights import WORLD

_CODE: Final = re.compile(r"[A-Z]{2}\Z")


def territories(given: Sequence[str]) -> list[str]:
    """Territories in their stored form: upper case, sorted, without duplicates.

    Raises Invalid (there is none, or one is not an ISO 3166 code, EU or WORLD).
    """
    found = sorted({one.strip().upper() for one in given})
    if not found:
        raise Invalid("Name at least one territory: an ISO 3166 code such as FR, EU or WORLD.")
    for one in found:
        if one != WORLD and not _CODE.match(one):
            raise Invalid(
                "{words} is not a territory. Use an ISO 3166 code such as FR, EU or WORLD.", words=repr(one[:20])
            )
    return found
