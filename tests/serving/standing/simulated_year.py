"""A simulated year of forty brands under the rules of standing: who rises, who falls, and what the audits cost.

`python -m tests.serving.standing.simulated_year [years]` prints the table for so many years of the marketplace. What it
assumes of sellers and analysts stands in `World`; the rules and their policy are those of the service.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from math import inf
from statistics import median
from typing import Final

from models.verdict import Evidence, Judgement, ReasonCode
from serving.standing.policy import DEFAULT_STANDING
from serving.standing.rules.audits import Pace, audit_share
from serving.standing.rules.record import Audit, Record, Reversal, StoodRemovals
from serving.standing.rules.standing import (
    FULL_STANDING,
    IN_GOOD_STANDING,
    Level,
    Standing,
    StoredLevel,
    daily_of,
    standing,
)

BEGIN: Final = datetime(2026, 1, 1, 6, tzinfo=UTC)
YEAR: Final = 365
PACES: Final = (1, 5, 20, 100)
COPIES: Final = {"honest": 4, "careless": 2, "malicious": 2, "patient": 2}
FEWEST_AUDITS: Final = 29
_CODE: Final = ReasonCode.TRADEMARK_COUNTERFEIT
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class World:
    """What is assumed; shares of removals, and days."""

    wrong: dict[str, float] = field(
        default_factory=lambda: {"honest": 0.02, "careless": 0.15, "malicious": 0.5, "patient": 0.02, "turned": 0.5}
    )
    # The sellers of genuine goods who answer, and the days until they are reinstated; some appeal within months.
    contested: float = 0.6
    appealed: float = 0.1
    reinstated_after: tuple[int, int] = (2, 12)
    appealed_after: tuple[int, int] = (20, 180)
    # Sellers of counterfeits whose counter-notice the brand overlooks.
    overlooked: float = 0.002
    # Three business days.
    answered_within: int = 5
    # A second review is due within a week; what its analyst cannot tell counts for nothing.
    judged_after: tuple[int, int] = (1, 7)
    cannot_tell: float = 0.1


@dataclass(slots=True)
class Brand:
    """A brand of the simulation: its kind and pace, its record so far, and what has become of it."""

    kind: str
    pace: int
    audits: list[Audit] = field(default_factory=list)
    pending: list[tuple[int, Audit]] = field(default_factory=list)
    reversals: list[tuple[int, Reversal]] = field(default_factory=list)
    stood: list[tuple[int, int]] = field(default_factory=list)  # (day of the end, day of the confirmation)
    sent: list[int] = field(default_factory=list)  # By day.
    level: StoredLevel = field(default_factory=lambda: StoredLevel(Level.PROVISIONAL, BEGIN))
    reached: dict[Level, int] = field(default_factory=dict)
    fell: list[int] = field(default_factory=list)
    fallen: int = -1
    lost_full: int | None = None
    back: list[tuple[int, int]] = field(default_factory=list)  # (day named, day of the return)
    audited_at_full: int = 0
    wrong_since_turn: int = 0
    named: int | None = None


def _poisson(chance: random.Random, mean: float) -> int:
    """A Poisson number by exponential gaps."""
    number, total = 0, chance.expovariate(1)
    while total < mean:
        number += 1
        total += chance.expovariate(1)
    return number


def _record(brand: Brand, day: int) -> Record:
    period = day - DEFAULT_STANDING.window_days
    ended = (end for end, confirmed in brand.stood if period < end <= day and confirmed > brand.fallen)
    fallen_at = BEGIN + brand.fallen * _DAY
    return Record(
        audits=tuple(audit for audit in brand.audits if audit.confirmed_at > fallen_at),
        reversals=tuple(
            reversal for end, reversal in brand.reversals if period < end <= day and reversal.confirmed_at > fallen_at
        ),
        stood=_by_day(ended),
    )


def _by_day(ends: Iterable[int]) -> tuple[StoodRemovals, ...]:
    return tuple(StoodRemovals(_CODE, (BEGIN + end * _DAY).date(), number) for end, number in Counter(ends).items())


def simulate(seed: int, paces: Sequence[int] = PACES) -> tuple[list[Brand], list[int]]:
    """A year of the marketplace; returns its brands and the audits of each day."""
    chance, world = random.Random(seed), World()
    brands = [Brand(kind, pace) for kind, copies in COPIES.items() for pace, _ in product(paces, range(copies))]
    audits = []
    for day in range(YEAR):
        drawn = 0
        for brand in chance.sample(brands, len(brands)):
            drawn += _live_day(brand, day, drawn, chance, world)
        audits.append(drawn)
    return brands, audits


def _live_day(brand: Brand, day: int, drawn: int, chance: random.Random, world: World) -> int:
    """One day of a brand; returns how many audits were drawn."""
    now, policy = BEGIN + day * _DAY, DEFAULT_STANDING
    arrived = [audit for judged, audit in brand.pending if judged <= day]
    brand.audits += sorted(arrived, key=lambda audit: audit.at)
    brand.pending = [(judged, audit) for judged, audit in brand.pending if judged > day]
    brand.stood = [(ended, confirmed) for ended, confirmed in brand.stood if ended > day - policy.window_days]
    state = standing(_record(brand, day), kept_level=brand.level, as_of=now, policy=policy)
    _note(brand, state, day)
    brand.level = StoredLevel(state.level, state.since)
    first = next((at for at in range(max(0, day - policy.pace_days), day) if brand.sent[at]), None)
    recent = sum(brand.sent[max(0, day - policy.pace_days) :])
    pace = Pace(recent, None if first is None else BEGIN + first * _DAY)
    today, drawn_here = _poisson(chance, brand.pace), 0
    most = daily_of(state.level, policy)
    removed = 0 if state.level is Level.SUSPENDED else today if most is None else min(today, most)
    brand.sent.append(removed)
    turned = brand.kind == "patient" and Level.FULL in brand.reached
    share = audit_share(state, pace, drawn_today=drawn, audits_a_day=policy.audits_a_day, as_of=now, policy=policy)
    for _ in range(removed):
        wrong = chance.random() < world.wrong["turned" if turned else brand.kind]
        brand.wrong_since_turn += wrong and turned and brand.lost_full is None
        if chance.random() < float(share):
            drawn_here += 1
            _draw(brand, day, wrong, chance, world)
        _answer(brand, day, wrong, chance, world)
    return drawn_here


def _draw(brand: Brand, day: int, wrong: bool, chance: random.Random, world: World) -> None:
    judged = day + chance.randint(*world.judged_after)
    judgement = Judgement.GENUINE if wrong else Judgement.COUNTERFEIT
    judgement = Judgement.CANNOT_TELL if chance.random() < world.cannot_tell else judgement
    audit = Audit(_CODE, BEGIN + day * _DAY, judgement, Evidence.DOCUMENTS, BEGIN + judged * _DAY)
    brand.pending.append((judged, audit))


def _answer(brand: Brand, day: int, wrong: bool, chance: random.Random, world: World) -> None:
    """The end of a removal: its seller answers and is reinstated, or the time runs out."""
    at, draw = BEGIN + day * _DAY, chance.random()
    ended = None
    if wrong and draw < world.contested:
        ended = day + chance.randint(*world.reinstated_after)
    elif wrong and draw < world.contested + world.appealed:
        ended = day + chance.randint(*world.appealed_after)
    silent = not wrong and draw < world.overlooked
    if silent:
        ended = day + world.answered_within + 6
    if ended is None:
        brand.stood.append((day + world.answered_within, day))
    else:
        cluster = f"{brand.kind}-{day}-{draw}" if silent else None
        brand.reversals.append((ended, Reversal(_CODE, at, BEGIN + ended * _DAY, cluster)))


def _note(brand: Brand, state: Standing, day: int) -> None:
    before, now = brand.level.level, state.level
    if now in FULL_STANDING and now not in brand.reached:
        brand.reached[now] = day
        if now is Level.FULL:
            brand.audited_at_full = state.overall.audits.counted
    if now is not before and now not in IN_GOOD_STANDING:
        brand.fallen = day
        brand.fell.append(day)
    if before in FULL_STANDING and now not in FULL_STANDING and brand.lost_full is None:
        brand.lost_full = day
    if before not in IN_GOOD_STANDING and now in IN_GOOD_STANDING and brand.named is not None:
        brand.back.append((brand.named, day))
    brand.named = None if state.returns_at is None else (state.returns_at - BEGIN) // _DAY


@dataclass(frozen=True, slots=True)
class Years:
    """Brands of simulated years, and the audits of each day of them."""

    brands: tuple[Brand, ...]
    audits: tuple[int, ...]

    def of(self, kind: str, *paces: int) -> list[Brand]:
        """The brands of a kind, of all paces or of these."""
        return [brand for brand in self.brands if brand.kind == kind and (not paces or brand.pace in paces)]


def simulate_years(years: int, paces: Sequence[int] = PACES) -> Years:
    """So many years of the marketplace, on two processes."""
    with ProcessPoolExecutor(2) as pool:
        lived = list(pool.map(partial(simulate, paces=paces), range(years)))
    return Years(
        tuple(brand for brands, _ in lived for brand in brands),
        tuple(number for _, audits in lived for number in audits),
    )


def median_day(brands: Sequence[Brand], level: Level) -> float:
    """The median day on which brands reach a level; those that never do count as infinity."""
    return median(brand.reached.get(level, inf) for brand in brands)


def check(years: Years) -> None:
    """Assert what the rules promise of each kind of brand."""
    honest = years.of("honest")
    assert all(brand.audited_at_full >= FEWEST_AUDITS for brand in years.brands if Level.FULL in brand.reached)
    assert median_day([brand for brand in honest if brand.pace >= 5], Level.FULL) <= 60
    assert sum(bool(brand.fell) for brand in honest) <= 0.02 * len(honest)
    assert all(back == named for brand in years.brands for named, back in brand.back)
    assert not any(Level.FULL in brand.reached for brand in years.of("malicious"))
    careless = years.of("careless")
    assert sum(Level.FULL in brand.reached for brand in careless) <= 0.05 * len(careless)
    for brand in years.of("patient"):
        if Level.FULL in brand.reached and brand.reached[Level.FULL] + 60 < YEAR:
            assert brand.lost_full is not None
            assert brand.lost_full - brand.reached[Level.FULL] <= 14 or brand.wrong_since_turn <= 40, brand


def report(years: Years) -> Iterator[str]:
    """The table of the years, line by line."""
    heads = f"{'full':>12}{'signed':>12}{'self-service':>14}{'falls':>8}{'lost in days':>14}{'wrong':>7}"
    yield f"{'':12}{'a day':>6}{'brands':>8}{heads}"
    for kind, pace in product(COPIES, PACES):
        brands = years.of(kind, pace)
        if not brands:
            continue
        cells = [f"{_rise(brands, level):>12}" for level in (Level.FULL, Level.SIGNED_VOLUME)]
        cells.append(f"{_rise(brands, Level.SELF_SERVICE):>14}")
        fell = sum(bool(brand.fell) for brand in brands) / len(brands)
        lost = [brand.lost_full - brand.reached[Level.FULL] for brand in brands if brand.lost_full is not None]
        wrong = max((brand.wrong_since_turn for brand in brands), default=0)
        ends = f"{max(lost):>14}{wrong:>7}" if kind == "patient" and lost else f"{'-':>14}{'-':>7}"
        yield f"{kind:12}{pace:>6}{len(brands):>8}{''.join(cells)}{fell:>8.1%}{ends}"
    yield f"audits a day: median {median(years.audits):.0f}, most {max(years.audits)}"


def _rise(brands: Sequence[Brand], level: Level) -> str:
    """The share that rises to a level, and the median day of all."""
    share, day = sum(level in brand.reached for brand in brands) / len(brands), median_day(brands, level)
    return f"{share:.0%} {'-' if day == inf else round(day)}"


if __name__ == "__main__":
    simulated = simulate_years(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    for table_line in report(simulated):
        sys.stdout.write(table_line + "\n")
    check(simulated)
