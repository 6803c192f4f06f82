"""A model's report for pages: figures beside the champion's, gates, slices, thresholds, evidence.

The gates of a model's report in words: one line each, with what it consists of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Final

from models.labels import EvidenceLevel
from serving.learning.store.learning import Model
from serving.web.model import model_charts
from serving.web.model.model_charts import CurveChart, ReliabilityChart, RocChart, ThresholdBar
from serving.web.model.report_measures import Measure, measures_of, operating_rows
from serving.web.wording import words
from training.evaluate.comparison import comparable_figures, why_not_comparable
from training.evaluate.operating import promise_in_words

_WHOLE: Final = ".000"
_GATES: Final = {
    "enough_to_judge": "Enough data to evaluate",
    "incumbents": "No worse than what it replaces",
    "rank": "Rank of counterfeits",
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
        return sum(1 + len(part.alike) for part in self.parts)

    @property
    def line(self) -> str:
        """What decides it, short enough for its line: the number of failed components, or the figure and its bound."""
        if self.parts:
            failed = sum(1 + len(part.alike) for part in self.parts if part.state == "failed")
            return f"{failed} of {self.number} fail" if failed else words.many(self.number, "part")
        if self.figure == "none":
            return ""
        figures = (self.figure, self.bound)
        if all(figure.endswith(_WHOLE) for figure in figures):  # Counts.
            figures = (self.figure.removesuffix(_WHOLE), self.bound.removesuffix(_WHOLE))
        return f"{figures[0]}, bound {figures[1]}"


def gate_rows(gates: Sequence[Mapping[str, Any]]) -> tuple[GateRow, ...]:
    """Failed gates first, then those that were not judged."""
    rows = [
        GateRow(
            _GATES.get(gate["name"], sentence_case(gate["name"])),
            gate.get("state", "passed" if gate["passed"] else "failed"),
            gate.get("blocks", not gate["passed"]),
            words.figure(gate.get("figure")),
            words.figure(gate.get("bound")),
            gate["sentence"],
            _merge_rows(gate_rows(gate.get("parts", ()))),
        )
        for gate in gates
    ]
    return tuple(sorted(rows, key=lambda row: (not row.blocks, row.state == "passed")))


def _merge_rows(rows: Sequence[GateRow]) -> tuple[GateRow, ...]:
    """The rows in their order, those that differ only in their name as one."""
    merged_rows: dict[GateRow, GateRow] = {}
    for row in rows:
        same = replace(row, name="")
        first = merged_rows.get(same)
        merged_rows[same] = row if first is None else replace(first, alike=(*first.alike, row.name))
    return tuple(merged_rows.values())


def sentence_case(name: str) -> str:
    """A name with an initial capital; the rest, perhaps a brand's name, is unchanged."""
    words_apart = name.replace("_", " ")
    return words_apart[:1].upper() + words_apart[1:]


EVIDENCE: Final = {
    EvidenceLevel.APPEAL.value: "Decided on appeal",
    EvidenceLevel.TEST_BUY.value: "Test buy",
    EvidenceLevel.BRAND.value: "Brand's verdict",
    EvidenceLevel.TWO_REVIEWERS.value: "Two reviewers agree",
    EvidenceLevel.ONE_REVIEWER.value: "One reviewer",
}


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a model.

    `why_not_judged` is set if there was too little data to evaluate, `why_not_compared` if the champion learnt some of
    the evaluated listings.
    """

    model: Model
    judged_on: str
    why_not_judged: str | None
    why_not_compared: str | None
    beside: str | None
    beside_digest: str
    peers: SimpleNamespace | None
    second_stage: SimpleNamespace | None
    measures: tuple[Measure, ...]
    out_of_fold: tuple[Measure, ...]
    gates: tuple[GateRow, ...]
    slices: tuple[SimpleNamespace, ...]
    curves: CurveChart
    curves_on: str
    roc: RocChart
    reliability: ReliabilityChart
    reliability_of_all: ReliabilityChart | None
    thresholds: ThresholdBar
    points: tuple[SimpleNamespace, ...]
    promises: tuple[str, ...]
    evidence: Mapping[str, int]

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
    report = model.report
    judged = comparable_figures(report["judged"])
    ours, theirs = judged.get("candidate"), judged.get("champion")
    # Without an evaluation, the out-of-fold figures are the only ones.
    figures, among = (ours, judged) if ours else (report["out_of_fold"], report)
    curves = judged.get("curves", {"candidate": report["curves"]})
    chance = among["positives"] / max(1, among["rows"])
    return Report(
        model=model,
        judged_on=f"{judged['rows']:,} later listings of unseen sellers, {judged['positives']:,} counterfeit",
        why_not_judged=judged.get("why"),
        why_not_compared=why_not_comparable(judged),
        beside=theirs["digest"][:10] if theirs else None,
        beside_digest=theirs["digest"] if theirs else "",
        peers=peers_of(judged) if ours else None,
        second_stage=second_stage_of(report),
        measures=measures_of(ours, theirs, judged) if ours else (),
        out_of_fold=measures_of(report["out_of_fold"], None, {}),
        gates=gate_rows(report["gates"]),
        slices=_slice_rows(judged.get("slices", ())),
        curves=model_charts.curve_chart(
            curves["candidate"], curves.get("champion"), chance=chance, label=_chart_label("ap", figures, theirs)
        ),
        curves_on="later listings of unseen sellers" if ours else "all labels, out-of-fold",
        roc=model_charts.roc_chart(
            curves["candidate"], curves.get("champion"), share=chance, label=_chart_label("roc_auc", figures, theirs)
        ),
        reliability=model_charts.reliability_chart(
            curves["candidate"], curves.get("champion"), label=_chart_label("calibration_error", figures, theirs)
        ),
        reliability_of_all=_reliability_of_all(judged.get("random_slice", {})),
        thresholds=model_charts.threshold_bar(report["thresholds"]),
        points=operating_rows(report["operating_points"], report["positives"], a_day),
        # Older models have no gates on promises.
        promises=tuple(promise_in_words(promise) for promise in report.get("promises", ())),
        evidence={
            name: report["evidence_levels"][level]
            for level, name in EVIDENCE.items()
            if report["evidence_levels"].get(level)
        },
    )


def _slice_rows(slices: tuple[Mapping[str, Any], ...]) -> tuple[SimpleNamespace, ...]:
    bars = model_charts.difference_bars([(row["candidate_ap"], row.get("champion_ap")) for row in slices])
    return tuple(
        SimpleNamespace(
            name=sentence_case(row["slice"]),
            rows=row["rows"],
            positives=row["positives"],
            ours=words.figure(row["candidate_ap"]),
            theirs=words.figure(row["champion_ap"]) if "champion_ap" in row else None,
            bar=bar,
        )
        for row, bar in zip(slices, bars, strict=True)
    )


def _reliability_of_all(weighted: Mapping[str, Any]) -> ReliabilityChart | None:
    if "reliability" not in weighted:
        return None
    sizes = f"weights up to {weighted['most_weight']:.0f}, effective sample size {weighted['effective_n']:,.0f}"
    label = f"Observed share over predicted, over all incoming listings by sampling probability ({sizes})."
    return model_charts.reliability_chart(weighted, None, label=label)


_CHARTS: Final = {
    "ap": "Precision over recall. Average precision",
    "roc_auc": "True positive rate over false positive rate. ROC-AUC",
    "calibration_error": "Observed share over predicted, over the judged listings. Calibration error",
}


def _chart_label(key: str, ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> str:
    beside = f", the champion's {words.figure(theirs[key])}" if theirs else ""
    return f"{_CHARTS[key]} {words.figure(ours[key])}{beside}."


_FAIR_PEER: Final = "fair_peer"
_METHODS: Final = {
    _FAIR_PEER: "Fair peer: numbers and text, 1 to 2",
    "fair_peer_with_points": "The same with the scorecard's points",
    "field_text": "TF-IDF per field",
    "numbers": "LightGBM on raw numbers",
    "scorecard": "Scorecard alone",
    "best_signal": "Best single signal",
    "without_points": "This model without the scorecard's points",
    "forest_alone": "This model's numbers alone",
    "without_text": "This model without its text",
    "text_alone": "This model's text alone",
}


def peers_of(judged: Mapping[str, Any]) -> SimpleNamespace | None:
    """The comparison of an evaluation; None of one from before there was one."""
    peers = judged.get("peers")
    if peers is None:
        return None
    low, high = peers["difference_interval"]
    whole = peers["fitted"] >= peers["known"]
    return SimpleNamespace(
        rows={
            "This model": judged["candidate"],
            # Reports from before the scorecard's rows lack them.
            **{label: peers["figures"][name] for name, label in _METHODS.items() if name in peers["figures"]},
        },
        difference="unknown" if peers["difference"] is None else words.signed_figure(peers["difference"], 3),
        interval="" if low is None else f"{words.signed_figure(low, 3)} to {words.signed_figure(high, 3)}",
        claims=whole and low is not None and low > 0,
        says=_difference_sentence(low, high) if whole else _sampling_sentence(peers["fitted"], peers["known"]),
    )


def _difference_sentence(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "The difference to the fair peer cannot be estimated, so no superiority is claimed."
    if low > 0:
        return "Better than the fair peer: the 95 % interval over sellers excludes zero."
    if high < 0:
        return "Worse than the fair peer: the 95 % interval over sellers excludes zero."
    return "Not better than the fair peer beyond chance: the 95 % interval over sellers includes zero."


def _sampling_sentence(fitted: int, known: int) -> str:
    return (
        f"No superiority is claimed: to save time the baselines learnt {fitted:,} of the {known:,} rows that the model "
        "learnt."
    )


def second_stage_of(report: Mapping[str, Any]) -> SimpleNamespace | None:
    """The second score of a training's report; None where no encoder took part."""
    second_stage = report.get("second_stage")
    if second_stage is None:
        return None
    gain, titles = second_stage["gain"], f"{second_stage['titles']:,} titles"
    low, high = gain["ap_interval"]
    return SimpleNamespace(
        encoder=second_stage["encoder"],
        says=_encoder_sentence(low, high),
        gains=low is not None and low > 0,
        precision=words.figure(second_stage["out_of_fold"]["ap"]),
        difference=words.signed_figure(gain["ap"], 3),
        interval="" if low is None else f"{words.signed_figure(low, 3)} to {words.signed_figure(high, 3)}",
        weight=f"{second_stage['title_weight']:.0%}",
        titles=f"{titles}, {second_stage['failed']:,} of them unreadable" if second_stage["failed"] else titles,
    )


def _encoder_sentence(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "Whether it sorts better than the first answers cannot be estimated."
    if low > 0:
        return "It sorts better than the first answers: the 95 % interval over sellers excludes zero."
    if high < 0:
        return "It sorts worse than the first answers: the 95 % interval over sellers excludes zero."
    return "It does not sort better than the first answers beyond chance: the 95 % interval over sellers includes zero."
