"""What a run records: tags, parameters and metrics of a training, from its report."""

import re
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

JOB_TAG: Final = "touchstone.job_id"
DIGEST_TAG: Final = "touchstone.bundle_digest"
SNAPSHOT_TAG: Final = "touchstone.snapshot"
CAUSE_TAG: Final = "touchstone.cause"
STATE_TAG: Final = "touchstone.state"
REASON_TAG: Final = "touchstone.reason"
GATE_TAG: Final = "touchstone.gate."
_NOT_IN_A_NAME: Final = re.compile(r"[^/\w.\- :]")
_LONGEST_NAME: Final = 200
_LONGEST_REASON: Final = 500
_OF_THE_DATA: Final = ("snapshot", "rows", "positives", "sellers", "cut", "feature_count")
_LEARNT: Final = ("seed", "learner", "join", "text_weight", "points_weight", "calibration")

_OF_SECOND: Final = ("encoder", "title_weight", "failed")


class RunState(StrEnum):
    """The end of a training, as its run's tag says it. MLflow's own status of the last two is FAILED."""

    RUNNING = "running"
    FINISHED = "finished"
    REFUSED = "refused"
    FAILED = "failed"


def first_tags(job_id: str, snapshot: str, cause: str) -> dict[str, str]:
    """The tags of a run from its start on; empty values are left out."""
    tags = {
        JOB_TAG: job_id,
        STATE_TAG: RunState.RUNNING.value,
        SNAPSHOT_TAG: snapshot,
        CAUSE_TAG: cause,
        "git_commit": _git_commit(),
        "python": sys.version.split()[0],
    }
    return {name: text for name, text in tags.items() if text}


def last_tags(digest: str, report: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a run that has a bundle: its digest, and the state of each gate and of each of its parts."""
    tags = {
        DIGEST_TAG: digest,
        SNAPSHOT_TAG: str(report["snapshot"]),
        "touchstone.accepted_leaks": ", ".join(leak["feature"] for leak in report.get("accepted_leaks", ())),
        **{f"touchstone.made_with.{name}": version for name, version in report.get("made_with", {}).items()},
    }
    for gate in report.get("gates", ()):
        tags[_accepted_name(f"{GATE_TAG}{gate['name']}")] = gate["state"]
        for part in gate.get("parts", ()):
            tags[_accepted_name(f"{GATE_TAG}{gate['name']}.{part['name']}")] = part["state"]
    return tags


def end_tags(state: RunState, reason: str) -> dict[str, str]:
    return {STATE_TAG: state.value, REASON_TAG: reason[:_LONGEST_REASON]}


def run_parameters(report: Mapping[str, Any]) -> dict[str, Any]:
    """The data, the settings of the fit, and what the fit chose."""
    of_report = {name: report[name] for name in (*_OF_THE_DATA, *_LEARNT) if name in report}
    thresholds = {f"threshold.{name}": threshold for name, threshold in report["thresholds"].items()}
    second = report.get("second_stage") or {}
    of_second = {f"second_stage.{name}": second[name] for name in _OF_SECOND if name in second}
    return {**report.get("run", {}).get("parameters", {}), **of_report, **thresholds, **of_second}


def run_metrics(report: Mapping[str, Any]) -> dict[str, float]:
    """The figures with the ends of their intervals, overall and on each slice; those without a value are left out."""
    return {
        _accepted_name(f"{part}.{name}"): figure
        for part, figures in _figures_by_part(report).items()
        for name, figure in figures.items()
    }


_OF_TABLE: Final = ("ap", "ap_low", "ap_high", "roc_auc", "precision_at_20", "recall", "brier", "calibration_error")


def evaluation_table(report: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A row for each model and baseline whose average precision is known, as columns."""
    parts = {part: figures for part, figures in _figures_by_part(report).items() if "ap" in figures}
    return {"part": list(parts), **{name: [row.get(name) for row in parts.values()] for name in _OF_TABLE}}


def _figures_by_part(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    judged = report["judged"]
    parts = {"out_of_fold": report["out_of_fold"]}
    for name in ("candidate", "champion", "only_text_and_price"):
        if name in judged:
            parts[f"judged.{name}"] = judged[name]
            parts[f"judged.{name}.random_slice"] = judged[name].get("random_slice", {})
    for name, figures in judged.get("peers", {}).get("figures", {}).items():
        parts[f"peer.{name}"] = figures
    if "peers" in judged:
        parts["peer.fair_peer"] = {**parts["peer.fair_peer"], **judged["peers"]}
    parts["judged"] = {name: judged[name] for name in ("difference_interval",) if name in judged}
    if second := report.get("second_stage"):
        parts["second_stage.out_of_fold"] = second["out_of_fold"]
        parts["second_stage.gain"] = second["gain"]
    for slice_row in judged.get("slices", ()):
        parts[f"slice.{slice_row['slice']}"] = {name: figure for name, figure in slice_row.items() if name != "slice"}
    for gate in report.get("gates", ()):
        parts[f"gate.{gate['name']}"] = {name: gate.get(name) for name in ("figure", "bound")}
    return {
        part: {
            name: float(figure)
            for name, figure in {**figures, **_interval_ends(figures)}.items()
            if isinstance(figure, int | float)
        }
        for part, figures in parts.items()
    }


def _interval_ends(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The ends of each interval, as figures of their own."""
    return {
        f"{name.removesuffix('_interval')}_{end}": figure
        for name, interval in figures.items()
        if name.endswith("_interval") and interval is not None
        for end, figure in zip(("low", "high"), interval, strict=True)
    }


def _accepted_name(name: str) -> str:
    """A name that MLflow accepts.

    >>> _accepted_name("slice.category bags (used).rows")
    'slice.category bags _used_.rows'
    """
    return _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME]


def _git_commit() -> str:
    """The commit of the training code; 'unknown' where it is installed without a repository."""
    folder = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S607  # git from the path
    return done.stdout.strip() if done.returncode == 0 else "unknown"
