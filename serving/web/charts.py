"""Geometry of the small charts, ready for a template: numbers in, coordinates and a sentence out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from features.facts import PriceFacts
from features.references import NO_SAMPLES, PriceReference, PriceSamples
from models.messages.english import in_english
from models.score import Reason
from serving.web.wording import words


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from zero to `most` as places on an axis, which may run in either direction."""

    start: float
    end: float
    most: float = 1.0

    def __call__(self, amount: float) -> float:
        return round(self.start + (self.end - self.start) * amount / self.most, 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis or a line of a grid, with its text; one without text has no label."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Notch:
    """A threshold on a score's bar."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class ScoreBar:
    """A score on its scale, with the thresholds of review."""

    width: int
    x: float
    notches: tuple[Notch, ...]
    label: str


def score_bar(score: float, notches: Sequence[tuple[str, float]], *, most: float, width: int) -> ScoreBar:
    """A value from 0 to `most` as a mark on a bar of this width; values beyond the ends are drawn at the end."""
    named = ", ".join(name for name, _ in notches if name)
    return ScoreBar(
        width,
        _position(score / most, width),
        tuple(Notch(round(width * min(1.0, at / most), 1), name) for name, at in notches),
        f"Score {score:.2f} of {most:g}. Thresholds: {named}"
        if most == 1
        else f"Score {score:.0f} points. Threshold: {named}",
    )


def percentile_bar(percentile: float, width: int) -> ScoreBar:
    """A percentile, 0 to 100, as a mark on a bar of this width with a notch in the middle."""
    label = f"Percentile {math.floor(percentile)} of 100"
    return ScoreBar(width, _position(percentile / 100, width), (Notch(width / 2, ""),), label)


def _position(share: float, width: float) -> float:
    return round(width * min(1.0, max(0.0, share)), 1)


@dataclass(frozen=True, slots=True)
class PriceMark:
    """A price beside its reference in one row of a table."""

    x: float
    median_x: float
    spread_x: float
    spread_width: float
    label: str


_MAD_TO_SIGMA: Final = 1.4826  # For a normal distribution.
_MARK_WIDTH: Final = 56
_MARK_ENDS_AT: Final = 1.5  # As a multiple of the median; higher prices are drawn at the end.


def price_mark(price: PriceFacts) -> PriceMark | None:
    """The mark of a listing, None without a price or a reference."""
    reference = price.brand_category or price.category
    if price.log_price is None or reference is None:
        return None
    ratio = math.exp(price.log_price - reference.log_median)
    low, high = (math.exp(side * _typical_spread(reference)) for side in (-1, 1))
    left_edge, right_edge = (_position(edge / _MARK_ENDS_AT, _MARK_WIDTH) for edge in (low, high))
    return PriceMark(
        _position(ratio / _MARK_ENDS_AT, _MARK_WIDTH),
        round(_MARK_WIDTH / _MARK_ENDS_AT, 1),
        left_edge,
        round(right_edge - left_edge, 1),
        f"{ratio:.0%} of the median of {words.many(reference.n, 'listing')}",
    )


def _typical_spread(reference: PriceReference) -> float:
    """One typical spread in log price: the standard deviation of a normal distribution with this MAD."""
    return reference.mad * _MAD_TO_SIGMA


@dataclass(frozen=True, slots=True)
class ComparableReference:
    """A reference of a listing: its name, its statistics as of scoring, and the current distribution of prices."""

    name: str
    reference: PriceReference
    samples: PriceSamples = NO_SAMPLES


@dataclass(frozen=True, slots=True)
class Dot:
    """A listing, or as many as each dot represents."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ReferenceStrip:
    """A reference: its name, its median with the typical spread, and their positions and those of listings.

    `beyond` dots lie to the right of the chart.
    """

    y: float
    name: str
    text: str
    usual: str
    x: float
    spread_x: float
    spread_width: float
    dots: tuple[Dot, ...]
    beyond: int


@dataclass(frozen=True, slots=True)
class Marker:
    """A price on the axis with its text, which moves to its left if there is no room to its right.

    `hidden` text would overlap other text; the line is drawn all the same.
    """

    x: float
    text: str
    before: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PriceChart:
    """A listing's price over its references."""

    height: float
    strips: tuple[ReferenceStrip, ...]
    listing: Marker
    claimed: Marker | None
    ticks: tuple[Tick, ...]
    label: str


_WIDTH, _LEFT, _RIGHT = 420.0, 8.0, 412.0
_TOP, _STRIP = 26.0, 48.0
# The top margin of a strip, the distance between its dots, and the height of their stack.
_DOTS, _DOT, _HEAP = 37.0, 4.2, 18.0
# A price this many times the rest would squeeze the other prices to the left.
_FURTHEST: Final = 2.0
_LETTER_WIDTH: Final = 6.5
_LONGEST_NAME: Final = 38  # Characters beside the median's text.


def price_chart(
    price: float, references: Sequence[ComparableReference], *, currency: str, claimed: float | None
) -> PriceChart:
    """The chart of a listing against its references, at least one; amounts are in the base currency."""
    highest = [
        math.exp(reference.reference.log_median + _typical_spread(reference.reference)) for reference in references
    ]
    shown = max(price, claimed or 0.0, *highest)
    drawn = [
        [amount for log_price in group.samples.log_prices if (amount := math.exp(log_price)) < _FURTHEST * shown]
        for group in references
    ]
    scale = Scale(_LEFT, _RIGHT, max([shown, *(amount for amounts in drawn for amount in amounts)]) * 1.06)
    strips = tuple(
        _reference_strip(i, reference, amounts, scale, currency)
        for i, (reference, amounts) in enumerate(zip(references, drawn, strict=True))
    )
    height = _TOP + _STRIP * len(strips) + 20
    listing = _price_marker(price, f"This listing {words.rough_amount(price, currency)}", scale)
    sentence = f"{listing.text}. " + " ".join(f"{strip.name}: {strip.text}, {strip.usual}." for strip in strips)
    return PriceChart(
        height,
        strips,
        listing,
        None if claimed is None else _claimed_marker(claimed, listing, scale, currency),
        _axis_ticks(scale, currency),
        sentence,
    )


def _reference_strip(
    index: int, comparable: ComparableReference, drawn: Sequence[float], scale: Scale, currency: str
) -> ReferenceStrip:
    median = math.exp(comparable.reference.log_median)
    low, high = (median * math.exp(side * _typical_spread(comparable.reference)) for side in (-1, 1))
    y, name = _TOP + _STRIP * index, comparable.name
    return ReferenceStrip(
        y=y,
        name=f"{name[:_LONGEST_NAME]}{'…' if len(name) > _LONGEST_NAME else ''}, n = {comparable.reference.n:,}",
        text=f"median {words.rough_amount(median, currency)}",
        usual=f"typical range {words.rough_amount(low, currency)} to {words.rough_amount(high, currency)}",
        x=scale(median),
        spread_x=scale(low),
        spread_width=round(scale(high) - scale(low), 1),
        dots=_stack_dots([scale(amount) for amount in drawn], y + _DOTS),
        beyond=len(comparable.samples.log_prices) - len(drawn),
    )


def _stack_dots(places: Sequence[float], bottom: float) -> tuple[Dot, ...]:
    """Dots from left to right; overlapping ones are stacked."""
    heaps: list[list[float]] = []
    for x in places:
        if heaps and x - heaps[-1][0] < _DOT:
            heaps[-1].append(x)
        else:
            heaps.append([x])
    return tuple(
        Dot(heap[0], round(bottom - i * min(_DOT, _HEAP / max(len(heap) - 1, 1)), 1))
        for heap in heaps
        for i in range(len(heap))
    )


def _price_marker(amount: float, text: str, scale: Scale) -> Marker:
    x = scale(amount)
    return Marker(x, text, before=x > _WIDTH * 0.62)


def _claimed_marker(amount: float, listing: Marker, scale: Scale, currency: str) -> Marker:
    marker = _price_marker(amount, f"Claimed {words.rough_amount(amount, currency)}", scale)
    (left_edge, right_edge), (other_left, other_right) = _marker_extent(marker), _marker_extent(listing)
    return replace(marker, hidden=left_edge < other_right and other_left < right_edge)


def _marker_extent(marker: Marker) -> tuple[float, float]:
    """The approximate horizontal extent of a marker's text."""
    width = 8 + len(marker.text) * _LETTER_WIDTH
    return (marker.x - width, marker.x) if marker.before else (marker.x, marker.x + width)


def _axis_ticks(scale: Scale, currency: str) -> tuple[Tick, ...]:
    """Between three and seven round amounts, including zero."""
    rough = scale.most / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    amounts = [i * step for i in range(int(scale.most / step) + 1)]
    return tuple(Tick(scale(amount), words.rough_amount(amount, currency) if amount else "0") for amount in amounts)


@dataclass(frozen=True, slots=True)
class ReasonBar:
    """A part of a score with its bar; bars to the right of zero indicate a counterfeit.

    `details` are the counts behind the phrases that a sentence quotes.
    """

    sentence: str
    details: tuple[str, ...]
    weight: str
    x: float
    width: float
    against: bool


_BAR_ZERO, _BAR_LONGEST = 40.0, 90.0  # Of a bar 132 wide: reasons against a counterfeit weigh less.


def reason_bars(reasons: Sequence[Reason], digits: int) -> tuple[ReasonBar, ...]:
    """Reasons on one scale, the largest at which the longest bar of each side fits."""
    most = max((reason.weight for reason in reasons), default=0.0)
    least = min((reason.weight for reason in reasons), default=0.0)
    scale = min(_BAR_LONGEST / most if most > 0 else math.inf, _BAR_ZERO / -least if least < 0 else math.inf)
    bars = []
    for reason in reasons:
        width = round(abs(reason.weight) * scale, 1)
        against = reason.weight < 0
        x = round(_BAR_ZERO - width, 1) if against else _BAR_ZERO
        details = tuple(map(in_english, reason.message.parameters.get("contrasts", ())))
        bars.append(
            ReasonBar(
                in_english(reason.message), details, words.signed_figure(reason.weight, digits), x, width, against
            )
        )
    return tuple(bars)
