"""A marketplace's name and territory in its transparency exports."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from models.errors import Invalid

# ISO 3166-1 codes as in the Commission's database: Greece is GR.
EU: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
EEA: Final = EU | {"IS", "LI", "NO"}
_GROUPS: Final = {"EU": EU, "EEA": EEA}
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class TransparencyProfile:
    """The name under which a marketplace reports, and the EEA countries where its removals take effect, sorted."""

    platform_name: str
    territorial_scope: tuple[str, ...]


def transparency_profile(platform_name: str, territories: Iterable[str]) -> TransparencyProfile:
    """The profile of a name and country codes; `EU` and `EEA` stand for all their members.

    Raises Invalid (the name is empty or too long, there is no country, or one lies outside the EEA).
    """
    name = platform_name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("The platform name must have 1 to 200 printable characters.")
    codes = set[str]()
    for territory in territories:
        codes |= _GROUPS.get(territory, {territory})
    if not codes:
        raise Invalid("Name the EEA countries in which a removal takes effect: DE, FR, or EU or EEA for all.")
    if unknown := sorted(codes - EEA):
        raise Invalid("{words} is not the code of an EEA country such as DE, FR or GR.", words=unknown[0])
    return TransparencyProfile(name, tuple(sorted(codes)))
