"""The feature registry: unit, range, meaning of missing, source and words of every feature."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from features.facts import Facts
from features.fields import Windows
from features.message import Message
from features.priors import NO_PRIORS, Prior, Priors
from features.reading import Reading

MISSING: Final = math.nan


@dataclass(frozen=True, slots=True)
class Evidence:
    """The input of a feature function: frozen facts and the one reading of their text."""

    facts: Facts
    reading: Reading

    @property
    def priors(self) -> Priors:
        """The base-rate priors of the marketplace, or the stated constants where the facts have none."""
        return self.facts.priors or NO_PRIORS


class Family(StrEnum):
    """Signals that are missing together: a source that lacks one field of a family mostly lacks all of them."""

    PRICE = "price"
    ITEM = "item"
    SELLER = "seller"
    BRAND = "brand"
    TEXT = "text"
    NEAR_DUPLICATES = "likeness"  # What the names of its signals begin with.


class Side(StrEnum):
    """The conclusion that a feature's words support: `EITHER` only describe, `NONE` say nothing of the goods.

    A forest can give any value a weight of either sign: by chance, or because the value matters only beside others.
    Words are told only for a weight of the side that a reader takes from them.
    """

    COUNTERFEIT = "counterfeit"
    GENUINE = "genuine"
    EITHER = "either"
    NONE = "none"

    def agrees(self, weight: float) -> bool:
        """Whether the words may stand beside a weight; above zero it points to counterfeit."""
        return self is Side.EITHER or self is (Side.COUNTERFEIT if weight > 0 else Side.GENUINE)


Compute = Callable[[Evidence], float]
IsKnown = Callable[[Evidence], bool]
SideOf = Callable[[Evidence, float], Side]
Say = Callable[[Evidence, float], Message | None]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number computed from facts. `version` rises with any change of what it returns.

    `side` is the conclusion that the words of `say` support, which may be told only for a weight of that side. Without
    what is `given`, the feature is missing and need not be computed.
    """

    name: str
    version: int
    family: Family
    compute: Compute
    side: SideOf
    say: Say
    meaning: str
    unit: str
    low: float
    high: float
    missing: str
    source: str
    is_known: IsKnown

    def words(self, e: Evidence, feature_value: float, weight: float) -> Message | None:
        """What a person is told of a known value that has this weight in a score, above zero towards counterfeit.

        None where there is nothing to tell, or where the words would contradict the weight.
        """
        return self.say(e, feature_value) if self.side(e, feature_value).agrees(weight) else None


class Scale(NamedTuple):
    """The unit of a feature, with its minimum and maximum."""

    unit: str
    low: float
    high: float


SHARE: Final = Scale("share", 0, 1)
YES_NO: Final = Scale("0 or 1", 0, 1)


def log_of(things: str, high: float = 40) -> Scale:
    """A count of things, as `log1p` gives it."""
    return Scale(f"log of 1 + {things}", 0, high)


_PRICE_AT: Final = math.log(0.95)  # As `features.message.price_comparison`: from 5 % below, a price is below the other.


def _value_rule(decide: Callable[[float], Side]) -> SideOf:
    return lambda _, feature_value: decide(feature_value)


# A description of the listing or its seller from which a reader concludes nothing.
either: Final = _value_rule(lambda _: Side.EITHER)
# As `either`, but a count of zero describes nothing.
either_if_any: Final = _value_rule(lambda feature_value: Side.EITHER if feature_value else Side.NONE)
# Words for the presence of an indicator, and words for its absence.
indicator: Final = _value_rule(lambda feature_value: Side.COUNTERFEIT if feature_value > 0 else Side.GENUINE)
confirmation: Final = _value_rule(lambda feature_value: Side.GENUINE if feature_value > 0 else Side.COUNTERFEIT)
# A count that speaks only where it is above zero: none found is no finding.
accusing: Final = _value_rule(lambda feature_value: Side.COUNTERFEIT if feature_value > 0 else Side.NONE)
clearing: Final = _value_rule(lambda feature_value: Side.GENUINE if feature_value > 0 else Side.NONE)
# The distance to a counterfeit speaks against a listing, however far.
always_accusing: Final = _value_rule(lambda _: Side.COUNTERFEIT)


def high_is_counterfeit(genuine_below: float, counterfeit_from: float) -> SideOf:
    """High values point to counterfeit, low ones to genuine goods; between the bounds, either."""
    return _value_rule(
        lambda level: (
            Side.GENUINE if level < genuine_below else Side.COUNTERFEIT if level >= counterfeit_from else Side.EITHER
        )
    )


def low_is_counterfeit(counterfeit_below: float, genuine_from: float) -> SideOf:
    """Low values point to counterfeit, high ones to genuine goods; between the bounds, either."""
    return _value_rule(
        lambda level: (
            Side.COUNTERFEIT if level < counterfeit_below else Side.GENUINE if level >= genuine_from else Side.EITHER
        )
    )


# A price below another price points to counterfeit; one at or above it to genuine goods.
cheap: Final = low_is_counterfeit(_PRICE_AT, _PRICE_AT)


def age_in_days(young: int, old: int) -> SideOf:
    """An age as the log of 1 + its days: below `young` it points to counterfeit, from `old` on to genuine goods."""
    return low_is_counterfeit(math.log1p(young), math.log1p(old))


# The last 7 of 90 days at a steady pace have 8 %; twice that is a burst.
burst: Final = high_is_counterfeit(7 / 90, 14 / 90)
# A pace up to that of the longer window is steady; half as much again is a burst.
growth: Final = high_is_counterfeit(0.0, math.log(1.5))


def above_prior(prior: Callable[[Priors], float]) -> SideOf:
    """A smoothed share above the base rate points to counterfeit, one below it to genuine goods."""
    return lambda e, feature_value: Side.COUNTERFEIT if feature_value > prior(e.priors) else Side.GENUINE


def grave_share(part: Callable[[Evidence], float | None], prior: Callable[[Priors], float]) -> SideOf:
    """A share in which a single case is grave: no case points to genuine goods, a share above the base rate to
    counterfeit. A few cases among many say neither."""

    def side(e: Evidence, feature_value: float) -> Side:
        if not part(e):
            return Side.GENUINE
        return Side.COUNTERFEIT if feature_value > prior(e.priors) else Side.NONE

    return side


def is_always_known(_: Evidence) -> bool:
    """A feature that has to be computed to know whether it is missing."""
    return True


class Registry:
    """Features of one family in the order of their definition, with defaults of what they need and mean."""

    def __init__(
        self, family: Family, *, missing: str = "", source: str = "", condition: IsKnown = is_always_known
    ) -> None:
        self.features: list[Feature] = []
        self._family, self._missing, self._source, self._is_known = family, missing, source, condition

    def feature(
        self,
        scale: Scale,
        *,
        side: SideOf,
        say: Say,
        missing: str = "",
        source: str = "",
        version: int = 1,
        name: str = "",
        meaning: str = "",
        condition: IsKnown | None = None,
    ) -> Callable[[Compute], Compute]:
        """Register a function of `Evidence`, by its name and its docstring's first line unless others are given."""

        def register(compute: Compute) -> Compute:
            self.features.append(
                Feature(
                    name or compute.__name__,
                    version,
                    self._family,
                    compute,
                    side,
                    say,
                    meaning or (compute.__doc__ or "").strip().splitlines()[0],
                    *scale,
                    missing or self._missing,
                    source or self._source,
                    condition or self._is_known,
                )
            )
            return compute

        return register


def fingerprint(features: Iterable[Feature], tables: Mapping[str, str | int]) -> str:
    """SHA-256 that names a model's input: the ordered features, and digests or versions of the tables that they and the
    text model read."""
    described = {"features": [[feature.name, feature.version, "float64"] for feature in features], **tables}
    return hashlib.sha256(json.dumps(described, separators=(",", ":")).encode()).hexdigest()


def smoothed_share(part: float | None, whole: float | None, *, prior: float, strength: float) -> float:
    """A share smoothed towards `prior` with the weight of `strength` cases, so that 0 of 2 is above 0.

    NaN where either count is unknown. Two counts may have been taken at different moments, so a part above the
    whole counts as the whole.

    >>> round(smoothed_share(1, 1, prior=0.05, strength=20), 3)
    0.095
    """
    if part is None or whole is None:
        return MISSING
    return (min(part, whole) + prior * strength) / (whole + strength)


def shrunk_share(part: float | None, whole: float | None, prior: Prior) -> float:
    """A share smoothed towards the marketplace's base rate, as `smoothed_share` does."""
    return smoothed_share(part, whole, prior=prior.mean, strength=prior.strength)


def recent_share(counts: Windows) -> float:
    """Share of the 90-day count that fell in the last 7 days; NaN where it is unknown or zero."""
    return MISSING if counts.d7 is None or not counts.d90 else min(1.0, counts.d7 / counts.d90)


def log1p(count: float | None) -> float:
    """Natural log of one plus a count; NaN where the count is unknown."""
    return MISSING if count is None else math.log1p(count)
