"""The model card as one self-contained HTML file: inputs, evaluation, and limits of a model."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup

from models.classifier import Join
from models.routing import Lane
from serving.learning.store.learning import Model
from serving.web.headers import FOLDER
from serving.web.model.model_report import report_of
from serving.web.rendering import StaffPage, render
from serving.web.wording import words
from serving.web.wording.vocabulary import ROUTES


def report_html(model: Model, *, marketplace: str, now: datetime) -> str:
    """The text of the file."""
    stylesheet = Markup((FOLDER / "touchstone.css").read_text(encoding="utf-8"))  # noqa: S704  # our own file
    return render(
        StaffPage(
            "report.html",
            marketplace=marketplace,
            made=words.day(now, now),
            shown=report_of(model),
            lineage=_lineage(model),
            stylesheet=stylesheet,
        )
    )


def _lineage(model: Model) -> dict[str, str | None]:
    report = model.report
    return {
        "Bundle": model.digest,
        "Input fingerprint": model.fingerprint,
        "Snapshot": str(report["snapshot"]),
        "MLflow run": model.mlflow_run_id,
        "Split": f"fitted on rows known before {report['cut'][:16]} UTC" if "cut" in report else None,
        "Seed": str(report["seed"]),
        "Combination": _join_in_words(report),
        "Lanes": ", ".join(f"{n:,} {ROUTES[Lane(lane)]}" for lane, n in report["lanes"].items()),
    }


def _join_in_words(report: Mapping[str, Any]) -> str:
    if report["join"] == Join.STACK:
        return "the text model's log-odds are a column of the learner"
    if report["join"] == Join.OFFSET:
        points = report.get("points_weight")
        with_points = "" if points is None else f", and the scorecard {points:.2f} for each spread of its points"
        text = f"{report['text_weight']:.2f} for each spread of the text"
        return f"the forest adds to the text's log-odds, {text}{with_points}"
    return f"weighted sum of log-odds, text weight {report['text_weight']:.2f}"
