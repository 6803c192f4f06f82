"""The design system on a page for developers: every token with its contrast, every component and every chart."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, FileSystemLoader

from features.facts import PriceFacts
from features.message import message
from features.references import PriceReference, PriceSamples
from models.score import Reason
from serving.web import bar_charts, charts, series_charts, text_view
from serving.web.bar_charts import AgeBox, Bars
from serving.web.charts import ComparableReference, PriceChart, PriceMark, ReasonBar, ScoreBar
from serving.web.model import model_charts
from serving.web.model.model_charts import CurveChart, DifferenceBar, ReliabilityChart, ThresholdBar
from serving.web.rendering import TEMPLATES
from serving.web.series_charts import Grid, Layer, Sparkline, StackedArea
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.words import DueWords
from tests.serving.web.kit import contrast
from tests.serving.web.kit.contrast import Colour, Contrast

KIT: Final = "kit.html"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one purpose."""

    name: str
    about: str
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a strip: its value, what it is of, its interval or number, the class of its colour."""

    value: str
    name: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """One step of a scale: its token, its value, where it is used, and the class that sets it."""

    token: str
    value: str
    use: str
    px: float
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of a segmented control or of tabs."""

    address: str
    text: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Samples:
    """Every chart of the kit over made-up figures."""

    score: ScoreBar
    slab: ScoreBar
    mark: PriceMark | None
    price: PriceChart
    reasons: tuple[ReasonBar, ...]
    curve: CurveChart
    reliability: ReliabilityChart
    differences: tuple[DifferenceBar | None, ...]
    thresholds: ThresholdBar
    sparklines: tuple[tuple[str, Sparkline], ...]
    stacked: StackedArea
    lanes: tuple[tuple[str, str], ...]
    ages: tuple[tuple[str, AgeBox], ...]
    bars: Bars
    drift: Grid


@dataclass(frozen=True, slots=True)
class KitPage:
    """Tokens, contrasts, sizes, and one sample of each component and chart."""

    palettes: tuple[Palette, ...]
    contrasts: tuple[Contrast, ...]
    failing: int
    sizes: tuple[Size, ...]
    spaces: tuple[Size, ...]
    figures: tuple[Figure, ...]
    choices: tuple[Choice, ...]
    hostile: ShownText
    ends: tuple[ShownText, ...]
    dues: tuple[DueWords, ...]
    samples: Samples


def kit(now: datetime) -> str:
    """The page as the application's templates draw it, without a bar."""
    page = KitPage(
        palettes=_palettes(),
        contrasts=contrast.contrasts(),
        failing=sum(not pair.holds for pair in contrast.contrasts()),
        sizes=_sizes(_TYPE),
        spaces=_sizes(_SPACE),
        figures=_FIGURES,
        choices=(Choice("#24", "24 h"), Choice("#14", "14 d", current=True), Choice("#90", "90 d")),
        hostile=text_view.show("Au\u200brel1e 1:1 \u202eк\u043eробка", names=("Aurelle",)),
        ends=tuple(text_view.show(name) for name in ("maison-b", "hk-mode", "atelier-9")),
        dues=tuple(
            words.due(now + time_left, now) for time_left in (timedelta(hours=11), timedelta(minutes=41), timedelta(-2))
        ),
        samples=_samples(),
    )
    ours = FileSystemLoader(Path(__file__).parent)
    templates = TEMPLATES.overlay(loader=ChoiceLoader([loader for loader in (TEMPLATES.loader, ours) if loader]))
    return templates.get_template(KIT).render(page=page, shell=None)


_PALETTES: Final = (
    (
        "Surfaces and lines",
        "what things stand on",
        ("canvas", "surface", "sunken", "hover", "picked", "line", "line-2", "control"),
    ),
    ("Ink", "text", ("ink", "ink-2", "ink-3", "accent", "accent-ink")),
    ("Stone", "bars, slab and toast: dark in both themes", ("stone", "stone-2", "on-stone", "on-stone-2")),
    ("Score", "a score is always brass", ("brass", "track")),
    ("Verdicts", "only verdicts and states own a hue", ("red", "green", "violet", "blue", "slate", "rose")),
    (
        "Status",
        "late, hidden text",
        ("amber", "amber-bg", "red-bg", "green-bg", "violet-bg", "blue-bg", "slate-bg", "rose-bg"),
    ),
    (
        "Lanes",
        "dots and stacked areas",
        ("lane-act", "lane-ask", "lane-ana", "lane-aud", "lane-ins", "lane-sec", "lane-rel"),
    ),
)
_TYPE: Final = (
    ("t-11", "chart ticks, second lines", "xs"),
    ("t-12", "captions, badges, table heads", "sm"),
    ("t-13", "staff pages and tables", "t13"),
    ("t-14", "brand pages, listing text", "t14"),
    ("t-16", "page titles, seller pages", "t16"),
    ("t-20", "brand titles, figures", "t20"),
)
_SPACE: Final = (
    ("s1", "inside a badge", ""),
    ("s2", "between controls", ""),
    ("s3", "between cards", ""),
    ("s4", "inside a page", ""),
    ("s5", "page edge", ""),
    ("s6", "page foot", ""),
)
_FIGURES: Final = (
    Figure("18,604", "scored in 24 h", "99.98 % under 300 ms"),
    Figure("1,032", "to people", "5.5 % of all"),
    Figure("3.1 %", "prevalence", "2.6 to 3.6 %, n = 4,800"),
    Figure("3", "dead letters", "the oldest 1 h 12", "is-red"),
    Figure("none", "median answer of brands", "no question answered yet", "mut"),
)
_PIXELS: Final = 16.0


def _palettes() -> tuple[Palette, ...]:
    known = contrast.colours()
    return tuple(Palette(name, about, tuple(known[token] for token in names)) for name, about, names in _PALETTES)


def _sizes(uses: tuple[tuple[str, str, str], ...]) -> tuple[Size, ...]:
    written = contrast.tokens()
    return tuple(Size(token, written[token], use, _px(written[token]), tone) for token, use, tone in uses)


def _px(size: str) -> float:
    return float(size.removesuffix("rem")) * _PIXELS if size.endswith("rem") else float(size.removesuffix("px"))


_REFERENCE: Final = PriceReference(math.log(480.0), 0.22, 214)
_PRICES: Final = PriceSamples(
    tuple(math.log(480.0 * (0.62 + 0.036 * i + 0.0012 * (i - 9) ** 2)) for i in range(20)), _REFERENCE.n
)
_CURVE: Final = {"recall": [0.0, 0.3, 0.6, 0.8, 1.0], "precision": [1.0, 0.97, 0.9, 0.72, 0.12]}
_BEFORE: Final = {"recall": [0.0, 0.3, 0.6, 0.8, 1.0], "precision": [1.0, 0.94, 0.84, 0.61, 0.09]}
_RELIABILITY: Final = {
    "reliability": [(0.1, 0.08, 410, 33), (0.3, 0.34, 120, 41), (0.55, 0.52, 60, 31), (0.9, 0.93, 88, 82)]
}
_SALES: Final = (4.0, 5.0, 7.0, None, None, 9.0, 16.0, 22.0, 19.0)
_DAYS: Final = 28
_LANES: Final = (
    ("Acted upon", "d-act"),
    ("Random audit sample", "d-aud"),
    ("Insufficient evidence", "d-ins"),
    ("Analyst", "d-ana"),
    ("Awaiting brand", "d-ask"),
)


def _samples() -> Samples:
    notches = [("0.35", 0.35), ("0.97", 0.97)]
    return Samples(
        score=charts.score_bar(0.94, notches, most=1, width=100),
        slab=charts.score_bar(0.52, notches, most=1, width=130),
        mark=charts.price_mark(
            PriceFacts(
                base_currency="EUR",
                log_price=math.log(89.0),
                missing=None,
                previous_log_price=None,
                brand_category=_REFERENCE,
                category=None,
            )
        ),
        price=charts.price_chart(
            89.0, [ComparableReference("Aurelle bags", _REFERENCE, _PRICES)], currency="EUR", claimed=480.0
        ),
        reasons=charts.reason_bars(
            [
                Reason("price_level", message("price_to_brand_category.below", share=0.82, n=214), 1.84),
                Reason("seller_age", message("seller_age", n=9), 0.72),
                Reason("ratings", message("item_rating", rating=4.8, n=1_204), -0.61),
            ],
            2,
        ),
        curve=model_charts.curve_chart(_CURVE, _BEFORE, chance=0.031, label="Precision over recall, made up."),
        reliability=model_charts.reliability_chart(_RELIABILITY, None, label="Observed share over predicted, made up."),
        differences=tuple(model_charts.difference_bars([(0.87, 0.84), (0.61, 0.63), (None, 0.5)])),
        thresholds=model_charts.threshold_bar({"analyst_from": 0.35, "ask_brand_from": 0.8}),
        sparklines=(
            ("known throughout", series_charts.sparkline([3, 4, 4, 6, 9, 12, 11], "sales a week, 3 to 11")),
            ("two weeks unknown", series_charts.sparkline(_SALES, "sales a week, 4 to 19")),
            ("one week known", series_charts.sparkline([None, None, 5, None], "sales a week: 5 in the third")),
            ("nothing known", series_charts.sparkline([None] * 6, "sales a week")),
        ),
        stacked=_stacked(),
        lanes=_LANES,
        ages=(
            ("Analyst", bar_charts.age_box(0.4, 2.1, 6.8, 11.6, 24)),
            ("Awaiting brand", bar_charts.age_box(3, 14, 38, 88, 96)),
            ("Appeals", bar_charts.age_box(12, 30, 70, 181, 168)),
        ),
        bars=bar_charts.bars(
            [31, 24, 28, 33, None, None, 38, 36, 35, 21, 18, 30],
            "Deliveries by five minutes.",
            first="13:32",
            last="14:32",
            marked=(9, 10),
        ),
        drift=series_charts.drift_grid(
            [
                ("price ratio", (0.02, 0.03, 0.05, 0.12, 0.09, 0.08)),
                ("fake returns 30 d", (0.04, 0.07, 0.11, 0.16, 0.19, 0.27)),
                ("seller age", (None, None, 0.06, 0.05, 0.21, 0.04)),
            ],
            ("1 Jun", "8 Jun", "15 Jun", "22 Jun", "29 Jun", "6 Jul"),
            bounds=(0.05, 0.1, 0.15, 0.25),
            label="How far each feature moved, by week.",
        ),
    )


def _stacked() -> StackedArea:
    """Four weeks of made-up volumes, with an unknown weekend."""

    def series(base: float, swing: float) -> tuple[float | None, ...]:
        return tuple(None if i in {19, 20} else base + swing * math.sin(i * 2 * math.pi / 7) for i in range(_DAYS))

    layers = (
        Layer("waiting on brands", "f-ask", series(96, 22)),
        Layer("analyst", "f-ana", series(120, 34)),
        Layer("not enough evidence", "f-ins", series(31, 6)),
        Layer("random audit sample", "f-aud", series(22, 3)),
        Layer("acted upon", "f-act", series(14, 9)),
    )
    ticks = [(i, f"{i + 1} Jul") for i in range(0, _DAYS, 7)]
    return series_charts.stacked_area(layers, ticks, "Listings a day by lane, made up.")
