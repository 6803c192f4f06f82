"""A model's report for pages: figures beside the champion's, gates, slices, thresholds, evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from models.labels import EvidenceLevel
from serving.learning.store.learning import Model
from serving.web.model import model_charts
from serving.web.model.model_charts import CurveChart, DifferenceBar, ReliabilityChart, RocChart, ThresholdBar
from serving.web.model.report_measures import Measure, measures_of
from serving.web.wording import words
from training.comparable import comparable, why_not_comparable
from training.operating import promise_in_words

EVIDENCE: Final = {
    EvidenceLevel.APPEAL.value: "Decided on appeal",
    EvidenceLevel.TEST_BUY.value: "Test buy",
    EvidenceLevel.BRAND.value: "Brand's verdict",
    EvidenceLevel.TWO_REVIEWERS.value: "Two reviewers agree",
    EvidenceLevel.ONE_REVIEWER.value: "One reviewer",
}
_GATES: Final = {
    "enough_to_judge": "Enough data to evaluate",
    "random_slice": "Improvement on the random audit sample",
    "calibration": "Calibration",
    "slices": "Slices",
    "obfuscation": "Adversarial rewrites",
    "upheld_appeals": "Upheld appeals",
    "golden_set": "Gold items",
}


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate in words; `state` is passed, failed or not_judged, and `parts` are its components.

    `alike` are the names of further components about which exactly the same is said.
    """

    name: str
    state: str
    blocks: bool
    figure: str
    bound: str
    sentence: str
    parts: tuple["GateRow", ...]
    alike: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The number of components."""
        return sum(1 + len(part.alike) for part in self.parts)


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A slice of the evaluated listings."""

    name: str
    rows: int
    positives: int
    ours: str
    theirs: str | None
    bar: DifferenceBar | None


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Figures above a threshold, on all labels and out of fold; the ends are of 95 % intervals.

    `a_day` is the daily number of live listings sent to people, empty if the model does not score them.
    """

    name: str
    threshold: str
    flagged: str
    precision: str
    recall: str
    precision_ends: str
    recall_ends: str
    a_day: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """The number of labels of one evidence level."""

    name: str
    number: str
    share: str


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a model.

    `why_not_judged` is set if there was too little data to evaluate, `why_not_compared` if the champion learnt some of
    the evaluated listings.
    """

    digest: str
    short: str
    rows: int
    positives: int
    sellers: int
    features: int
    snapshot: str
    judged_on: str
    why_not_judged: str | None
    why_not_compared: str | None
    beside: str | None
    measures: tuple[Measure, ...]
    out_of_fold: tuple[Measure, ...]
    gates: tuple[GateRow, ...]
    slices: tuple[SliceRow, ...]
    curves: CurveChart
    curves_on: str
    roc: RocChart
    reliability: ReliabilityChart
    thresholds: ThresholdBar
    points: tuple[OperatingPoint, ...]
    promises: tuple[str, ...]
    evidence: tuple[EvidenceRow, ...]

    @property
    def passed(self) -> int:
        """The number of gates that were judged and passed."""
        return sum(gate.state == "passed" for gate in self.gates)

    @property
    def failed(self) -> tuple[str, ...]:
        """The gates that block promotion unless a reason is given, failed or not judged."""
        return tuple(gate.name for gate in self.gates if gate.blocks)


def report_of(model: Model, a_day: Sequence[float] = ()) -> Report:
    """The report that a training wrote; `a_day` is the daily number of live listings that its thresholds flag."""
    found = model.report
    judged = comparable(found["judged"])
    ours, theirs = judged.get("candidate"), judged.get("champion")
    # Without an evaluation, the out-of-fold figures are the only ones.
    figures, among = (ours, judged) if ours else (found["out_of_fold"], found)
    curves = judged.get("curves", {"candidate": found["curves"]})
    chance = among["positives"] / max(1, among["rows"])
    return Report(
        digest=model.digest,
        short=model.digest[:10],
        rows=found["rows"],
        positives=found["positives"],
        sellers=found["sellers"],
        features=found["feature_count"],
        snapshot=found["snapshot"][:10],
        judged_on=f"{judged['rows']:,} later listings of unseen sellers, {judged['positives']:,} counterfeit",
        why_not_judged=judged.get("why"),
        why_not_compared=why_not_comparable(judged),
        beside=theirs["digest"][:10] if theirs else None,
        measures=measures_of(ours, theirs, judged) if ours else (),
        out_of_fold=measures_of(found["out_of_fold"], None, {}),
        gates=_gates(found["gates"]),
        slices=_slices(judged.get("slices", ())),
        curves=model_charts.curve_chart(
            curves["candidate"], curves.get("champion"), chance=chance, label=_curve_label(figures, theirs)
        ),
        curves_on="later listings of unseen sellers" if ours else "all labels, out-of-fold",
        roc=model_charts.roc_chart(
            curves["candidate"], curves.get("champion"), share=chance, label=_roc_label(figures, theirs)
        ),
        reliability=model_charts.reliability_chart(
            curves["candidate"], curves.get("champion"), label=_error_label(figures, theirs)
        ),
        thresholds=model_charts.threshold_bar(found["thresholds"]),
        points=_points(found["operating_points"], found["positives"], a_day),
        # Older models have no gates on promises.
        promises=tuple(promise_in_words(promise) for promise in found.get("promises", ())),
        evidence=_evidence(found["evidence_levels"]),
    )


def _gates(found: Sequence[Mapping[str, Any]]) -> tuple[GateRow, ...]:
    """Failed gates first, then those that were not judged."""
    rows = [
        GateRow(
            _GATES.get(gate["name"], _sentence_case(gate["name"])),
            gate.get("state", "passed" if gate["passed"] else "failed"),
            gate.get("blocks", not gate["passed"]),
            words.figure(gate.get("figure")),
            words.figure(gate.get("bound")),
            gate["sentence"],
            _merged(_gates(gate.get("parts", ()))),
        )
        for gate in found
    ]
    return tuple(sorted(rows, key=lambda row: (not row.blocks, row.state == "passed")))


def _merged(rows: Sequence[GateRow]) -> tuple[GateRow, ...]:
    """The rows in their order, those that differ only in their name as one."""
    found: dict[GateRow, GateRow] = {}
    for row in rows:
        same = replace(row, name="")
        first = found.get(same)
        found[same] = row if first is None else replace(first, alike=(*first.alike, row.name))
    return tuple(found.values())


def _sentence_case(name: str) -> str:
    """A name with an initial capital; the rest, perhaps a brand's name, is unchanged."""
    words_apart = name.replace("_", " ")
    return words_apart[:1].upper() + words_apart[1:]


def _slices(found: tuple[Mapping[str, Any], ...]) -> tuple[SliceRow, ...]:
    bars = model_charts.difference_bars([(row["candidate_ap"], row.get("champion_ap")) for row in found])
    return tuple(
        SliceRow(
            _sentence_case(row["slice"]),
            row["rows"],
            row["positives"],
            words.figure(row["candidate_ap"]),
            words.figure(row["champion_ap"]) if "champion_ap" in row else None,
            bar,
        )
        for row, bar in zip(found, bars, strict=True)
    )


def _curve_label(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> str:
    beside = f", the champion's {words.figure(theirs['ap'])}" if theirs else ""
    return f"Precision over recall. Average precision {words.figure(ours['ap'])}{beside}."


def _error_label(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> str:
    beside = f", the champion's {words.figure(theirs['calibration_error'])}" if theirs else ""
    return f"Observed share over predicted. Calibration error {words.figure(ours['calibration_error'])}{beside}."


def _roc_label(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> str:
    beside = f", the champion's {words.figure(theirs['roc_auc'])}" if theirs else ""
    return f"True positive rate over false positive rate. ROC-AUC {words.figure(ours['roc_auc'])}{beside}."


def _points(
    found: Mapping[str, Mapping[str, Any]], positives: int, a_day: Sequence[float]
) -> tuple[OperatingPoint, ...]:
    names = (("Ask brand", "ask_brand_from"), ("Analyst review", "analyst_from"))
    return tuple(
        _point(name, found[key], positives, f"{a_day[i]:,.1f}" if a_day else "") for i, (name, key) in enumerate(names)
    )


def _point(name: str, found: Mapping[str, Any], positives: int, a_day: str) -> OperatingPoint:
    precision, recall, flagged = found["precision"], found["recall"], found["flagged"]
    hits = None if precision is None else round(precision * flagged)
    return OperatingPoint(
        name,
        f"{found['threshold']:.2f}",
        f"{flagged:,}",
        words.figure(precision, 2),
        words.figure(recall, 2),
        "" if hits is None or not flagged else _ends(hits, flagged),
        "" if hits is None or recall is None or not positives else _ends(min(hits, positives), positives),
        a_day,
    )


def _ends(hits: int, number: int) -> str:
    low, high = model_charts.wilson(hits, number)
    return f"{low:.2f} to {high:.2f}"


def _evidence(found: Mapping[str, int]) -> tuple[EvidenceRow, ...]:
    total = sum(found.values())
    return tuple(
        EvidenceRow(name, f"{found[level]:,}", f"{found[level] / total:.0%}")
        for level, name in EVIDENCE.items()
        if found.get(level)
    )
