"""The marketplace's description of itself in its transparency exports. Standard library only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from models.errors import Invalid

# ISO 3166-1 codes as the Commission's database has them: Greece is GR.
EU: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
EEA: Final = EU | {"IS", "LI", "NO"}
_GROUPS: Final = {"EU": EU, "EEA": EEA}
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class TransparencyProfile:
    """Under which name a marketplace reports, and in which EEA countries its removals take effect, sorted."""

    platform_name: str
    territorial_scope: tuple[str, ...]


def transparency_profile(platform_name: str, territories: Iterable[str]) -> TransparencyProfile:
    """The profile of a name and of country codes; `EU` and `EEA` stand for all of theirs.

    Raises
    ------
    Invalid
        The name is empty or too long, no country is named, or one lies outside the EEA.
    """
    name = platform_name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("A platform has a name of at most 200 characters.")
    codes = set[str]()
    for territory in territories:
        codes |= _GROUPS.get(territory, {territory})
    if not codes:
        raise Invalid("Name the EEA countries in which a removal takes effect: DE, FR, or EU or EEA for all.")
    if unknown := sorted(codes - EEA):
        raise Invalid("{words} is no code of an EEA country such as DE, FR or GR.", words=unknown[0])
    return TransparencyProfile(name, tuple(sorted(codes)))
