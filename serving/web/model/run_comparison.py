"""Two training runs side by side: parameters, metrics with intervals, curves, slices and artifacts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from serving.web.model import model_charts
from serving.web.model.model_report import sentence_case
from serving.web.model.report_measures import MEASURES, interval_in_words, operating_rows, significance
from serving.web.wording import words
from training.evaluate.comparison import comparable_figures

_Report = Mapping[str, Any]
_RANDOM: Final = "random_slice"
_LONG, _BEGINNING = 24, 19
_SAME_ROWS: Final = ("snapshot", "cut", "seed", "golden_set", "champion_learnt_until")
_DATA: Final = ("rows", "positives", "sellers", "waiting", "snapshot", "cut", "golden_set")
_FITTED: Final = ("learner", "join", "text_weight", "points_weight", "calibration", "feature_count", "accepted_leaks")


def compare(older: _Report, newer: _Report, older_digest: str) -> SimpleNamespace:
    """The comparison of two reports, A the older one.

    `together` is whether the newer run's evaluation also scored the older model: both are then judged on the same
    listings, and differences have intervals. `same_rows` is also true where snapshot and split are the same.
    """
    after = comparable_figures(newer["judged"])
    together = after.get("champion", {}).get("digest") == older_digest
    before, role = (after, "champion") if together else (comparable_figures(older["judged"]), "candidate")
    theirs, ours = before.get(role), after.get("candidate")
    among, drawn = newer, (newer["curves"], older["curves"])
    if theirs and ours:
        among, drawn = after, (after["curves"]["candidate"], before["curves"][role])
    chance = among["positives"] / max(1, among["rows"])
    old, new = _parameters(older), _parameters(newer)
    parameters = [(*name, old.get(name, ""), new.get(name, "")) for name in dict.fromkeys([*new, *old])]
    return SimpleNamespace(
        together=together,
        same_rows=together or all(older.get(name) == newer.get(name) for name in _SAME_ROWS),
        judged=(before, after),
        metrics=_metric_rows(theirs or {}, ours or {}, after if together else {}),
        out_of_fold=_metric_rows(older["out_of_fold"], newer["out_of_fold"], {}),
        points=zip(*(operating_rows(r["operating_points"], r["positives"], ()) for r in (older, newer)), strict=True),
        curves=model_charts.curve_chart(*drawn, chance=chance, label="Precision over recall of A and B"),
        reliability=model_charts.reliability_chart(*drawn, label="Observed share over predicted of A and B"),
        curves_on="all labels, out-of-fold" if among is newer else "later listings of unseen sellers",
        slices=_slice_rows(before.get("slices", ()), f"{role}_ap", after.get("slices", ())),
        differing=[row for row in parameters if row[2] != row[3]],
        equal=[row for row in parameters if row[2] == row[3]],
    )


def _metric_rows(older: _Report, newer: _Report, judged: _Report) -> list[SimpleNamespace]:
    """A row for each measure; `judged` is the evaluation that scored both models, empty if there was none."""
    rows = [
        _metric_row(name, key, (older, newer), more, judged.get("difference_interval") if key == "ap" else None)
        for name, key, more in MEASURES
    ]
    if _RANDOM in older or _RANDOM in newer:
        weighted = (older.get(_RANDOM, {}), newer.get(_RANDOM, {}))
        ends = judged.get(_RANDOM, {}).get("difference_interval")
        rows.insert(1, _metric_row("AP, weighted to all listings", "ap", weighted, True, ends))
    return rows


def _metric_row(name: str, key: str, pair: Sequence[_Report], more: bool, ends: Any) -> SimpleNamespace:
    """The figures as text; `better` is the index of the better one, `more` or less, and None if equal or unknown."""
    before, after = (figures.get(key) for figures in pair)
    difference = None if before is None or after is None else after - before
    return SimpleNamespace(
        name=name,
        figures=[words.figure(before), words.figure(after)],
        intervals=[interval_in_words(figures.get(f"{key}_interval")) for figures in pair],
        difference="" if difference is None else words.signed_figure(difference, 3),
        interval=interval_in_words(ends, sign=True),
        chance=significance(ends),
        better=int((difference > 0) is more) if difference else None,
    )


def _slice_rows(before: Sequence[_Report], key: str, after: Sequence[_Report]) -> list[SimpleNamespace]:
    """A row for each slice of either run, those of both first; `key` is that of A's figure."""
    older, newer = {row["slice"]: row for row in before}, {row["slice"]: row for row in after}
    names = sorted(older.keys() | newer.keys(), key=lambda name: (name not in older or name not in newer, name))
    figures = [(newer.get(name, {}).get("candidate_ap"), older.get(name, {}).get(key)) for name in names]
    bars = model_charts.difference_bars(figures)
    return [
        SimpleNamespace(
            name=sentence_case(name), rows=(older.get(name), newer.get(name)), ours=ours, theirs=theirs, bar=bar
        )
        for name, (ours, theirs), bar in zip(names, figures, bars, strict=True)
    ]


def _parameters(report: _Report) -> dict[tuple[str, str], str]:
    """What a training was given and what it fitted, by kind and name; policies are among the settings."""
    kinds = {
        "Data": {name: report.get(name) for name in _DATA},
        "Settings": report.get("run", {}).get("parameters") or {"seed": report["seed"], **report.get("settings", {})},
        "Fitted": {name: report.get(name) for name in _FITTED},
        "Software": {name: n for name, n in report.get("made_with", {}).items() if not name.startswith("policy ")},
    }
    return {(kind, name): _in_words(setting) for kind, named in kinds.items() for name, setting in named.items()}


def _in_words(setting: object) -> str:
    """A setting as text; of a digest or a time only the beginning."""
    if isinstance(setting, list):
        return ", ".join(map(str, setting)) or "none"
    text = f"{setting:.6g}" if isinstance(setting, float) else "none" if setting is None else str(setting)
    return text if len(text) < _LONG or " " in text else text[:_BEGINNING]


def artifact_rows(*runs: Mapping[str, Path]) -> list[tuple[str, list[str]]]:
    """A row for each file of either run that is there, with its sizes; a run has files and folders by name as shown."""
    sizes: dict[str, list[str]] = {}
    for i, paths in enumerate(runs):
        for name, path in paths.items():
            for inner in filter(Path.is_file, (path, *path.rglob("*"))):
                shown = (Path(name) / inner.relative_to(path)).as_posix()
                sizes.setdefault(shown, [""] * len(runs))[i] = words.size(inner.stat().st_size)
    return sorted(sizes.items())
