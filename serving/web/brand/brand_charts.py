"""Geometry of the brand's charts: answers by period, prevalence with its interval, standing over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from serving.brands.rules.brand_dashboard import Part
from serving.brands.service.brand_records import Share
from serving.platform import tongues
from serving.platform.tongues import say
from serving.standing.rules.standing import Level
from serving.standing.store.standings import StandingChange
from serving.web.charts import Scale, Tick
from serving.web.wording import words

_WIDTH, _LEFT, _RIGHT = 640.0, 40.0, 632.0
_TOP, _BOTTOM = 10.0, 150.0
_LABELS: Final = 8  # As many as fit below the axis.


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a column."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class AnswerChart:
    """Columns of answers: accepted, rejected, open, and those that request no removal."""

    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: str


def answer_chart(parts: Sequence[Part], names: Sequence[str]) -> AnswerChart | None:
    most = max((part.answers for part in parts), default=0)
    if not most:
        return None
    top, step = _axis_top(most)
    slot = (_RIGHT - _LEFT) / len(parts)
    bars: list[Bar] = []
    for number, part in enumerate(parts):
        x, y = round(_LEFT + slot * number + slot * 0.18, 1), _BOTTOM
        rest = part.answers - part.accepted - part.rejected - part.open
        for kind, count in (("acc", part.accepted), ("rej", part.rejected), ("opn", part.open), ("oth", rest)):
            if count:
                height = (_BOTTOM - _TOP) * count / top
                y -= height
                bars.append(Bar(x, round(y, 1), round(slot * 0.64, 1), round(height, 1), kind))
    sentence = "; ".join(
        say(
            "%(name)s: %(answers)s answers, %(accepted)s accepted, %(rejected)s rejected",
            name=name,
            answers=tongues.number(part.answers),
            accepted=tongues.number(part.accepted),
            rejected=tongues.number(part.rejected),
        )
        for name, part in zip(names, parts, strict=True)
    )
    scale = Scale(_BOTTOM, _TOP, top)
    ticks = tuple(Tick(scale(count), tongues.number(count)) for count in range(0, top + 1, step))
    return AnswerChart(tuple(bars), _slot_ticks(names, slot), ticks, sentence)


def _slot_ticks(names: Sequence[str], slot: float) -> tuple[Tick, ...]:
    every = -(-len(names) // _LABELS)
    return tuple(
        Tick(round(_LEFT + slot * (number + 0.5), 1), name if number % every == 0 else "")
        for number, name in enumerate(names)
    )


def _axis_top(most: int) -> tuple[int, int]:
    """The top of an axis of counts, and the step between its four or five marks."""
    step = next(unit * 10**power for power in range(9) for unit in (1, 2, 5) if unit * 10**power * 4 >= most)
    return step * max(1, -(-most // step)), step


@dataclass(frozen=True, slots=True)
class Whisker:
    """A share with its interval; an unknown share is a hatched column."""

    x: float
    y: float | None
    low_y: float
    high_y: float
    start_x: float
    width: float


@dataclass(frozen=True, slots=True)
class ShareChart:
    """The share of counterfeits by period."""

    whiskers: tuple[Whisker, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    label: str


def share_chart(shares: Sequence[Share], names: Sequence[str]) -> ShareChart | None:
    """The chart; None if the share is unknown in all periods."""
    known = [share.estimate for share in shares if share.estimate.share is not None]
    if not known:
        return None
    top = next(
        limit
        for limit in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
        if limit >= max(estimate.high for estimate in known) or limit == 1
    )
    slot = (_RIGHT - _LEFT) / len(shares)

    def y(share: float) -> float:
        return Scale(_BOTTOM, _TOP)(min(1.0, share / top))

    whiskers = tuple(
        Whisker(
            x=round(_LEFT + slot * (number + 0.5), 1),
            y=None if share.estimate.share is None else y(share.estimate.share),
            low_y=y(share.estimate.low),
            high_y=y(share.estimate.high),
            start_x=round(_LEFT + slot * (number + 0.3), 1),
            width=round(slot * 0.4, 1),
        )
        for number, share in enumerate(shares)
    )
    ticks = tuple(Tick(y(top * i / 4), f"{top * i / 4:.3g}".rstrip("0").rstrip(".") or "0") for i in range(5))
    percent = tuple(Tick(tick.at, _percent(float(tick.text))) for tick in ticks)
    sentence = "; ".join(
        say("%(name)s: not known", name=name)
        if share.estimate.share is None
        else say(
            "%(name)s: %(share)s, %(low)s to %(high)s",
            name=name,
            share=words.percent(share.estimate.share, 1),
            low=words.percent(share.estimate.low, 1),
            high=words.percent(share.estimate.high, 1),
        )
        for name, share in zip(names, shares, strict=True)
    )
    return ShareChart(whiskers, _slot_ticks(names, slot), percent, sentence)


def _percent(share: float) -> str:
    """A round share as a percentage, with as many decimals as it needs."""
    return words.percent(share, len(f"{share * 100:.3g}".partition(".")[2]))


@dataclass(frozen=True, slots=True)
class ScopeBar:
    """The accepted share of a scope's outcomes with its interval."""

    y: float
    name: str
    text: str
    x: float
    low_x: float
    width: float


@dataclass(frozen=True, slots=True)
class ScopeChart:
    """Right shares of audits, overall and by reason code, each with what it proves, against the limits of levels."""

    bars: tuple[ScopeBar, ...]
    limits: tuple[Tick, ...]
    height: float
    label: str


_SCOPE_LEFT, _SCOPE_RIGHT, _SCOPE_ROW = 176.0, 540.0, 28.0


def scope_chart(
    scopes: Sequence[tuple[str, int, int, float]], limits: Sequence[tuple[str, float]]
) -> ScopeChart | None:
    """The chart of scopes (name, right, counted, proven share); None without an audit. The axis starts at one half."""
    counted = [scope for scope in scopes if scope[2]]
    if not counted:
        return None
    least = min(0.5, *(low for *_, low in counted))
    floor = int(least * 10) / 10

    def x(share: float) -> float:
        return round(_SCOPE_LEFT + (_SCOPE_RIGHT - _SCOPE_LEFT) * max(0.0, (share - floor) / (1 - floor)), 1)

    bars = tuple(
        ScopeBar(
            y=34 + _SCOPE_ROW * number,
            name=name,
            text=say("%(n)s of %(all)s", n=tongues.number(right), all=tongues.number(n)),
            x=x(right / n),
            low_x=x(low),
            width=round(max(1.0, x(right / n) - x(low)), 1),
        )
        for number, (name, right, n, low) in enumerate(counted)
    )
    sentence = "; ".join(
        say(
            "%(name)s: %(n)s of %(all)s audits right, which proves %(low)s",
            name=name,
            n=tongues.number(right),
            all=tongues.number(n),
            low=words.percent(low, 1),
        )
        for name, right, n, low in counted
    )
    return ScopeChart(bars, tuple(Tick(x(at), name) for name, at in limits), 44 + _SCOPE_ROW * len(bars), sentence)


@dataclass(frozen=True, slots=True)
class LevelChart:
    """A line of levels over time, the highest at the top, labelled at the left."""

    line: str
    rows: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    height: float
    label: str


_LEVEL_LEFT: Final = 110.0
_LEVEL_ROW: Final = 26.0
_LEVEL_TOP: Final = 16.0


def level_chart(
    changes: Sequence[StandingChange], names: Sequence[tuple[Level, str]], since: datetime, until: datetime
) -> LevelChart:
    """The levels of a brand since a moment; before the first change the level is provisional."""
    order = {level: number for number, (level, _) in enumerate(names)}
    past = sorted(changes, key=lambda change: change.known_at)
    level = next((change.level for change in reversed(past) if change.known_at <= since), Level.PROVISIONAL)

    def y(row_level: Level) -> float:
        return _LEVEL_TOP + _LEVEL_ROW * order[row_level]

    def x(at: datetime) -> float:
        return round(_LEVEL_LEFT + (_RIGHT - _LEVEL_LEFT) * ((at - since) / (until - since)), 1)

    points, sentence = [(x(since), y(level))], [dict(names)[level]]
    for change in past:
        if since < change.known_at <= until and change.level is not level:
            points += [(x(change.known_at), y(level)), (x(change.known_at), y(change.level))]
            level = change.level
            day = words.day(change.known_at, until)
            sentence.append(say("%(level)s from %(day)s", level=dict(names)[level], day=day))
    points.append((x(until), y(level)))
    return LevelChart(
        line=" ".join(f"{x_at},{top}" for x_at, top in points),
        rows=tuple(Tick(_LEVEL_TOP + _LEVEL_ROW * number, name) for number, (_, name) in enumerate(names)),
        x_ticks=tuple(
            Tick(x(at), words.day(at, until))
            for at in (since + (until - since) * part for part in (0.0, 0.25, 0.5, 0.75, 1.0))
        ),
        height=_LEVEL_TOP + _LEVEL_ROW * (len(names) - 1) + 32,
        label="; ".join(sentence),
    )
