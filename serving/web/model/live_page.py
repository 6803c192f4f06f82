"""Live monitoring: weekly feature drift, and how often reasons and rules were right."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.messages.english import sentences
from serving.accounts.rules.access import Permission, Person
from serving.guards import ModelReader, TheRuntime, Trainer
from serving.learning.service.monitoring import SCORE, acknowledge, red_features_now, withdraw_acknowledgement
from serving.learning.service.reason_precision import DAYS, ReasonCounts, reason_precision
from serving.learning.store import monitoring
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.model.drift_part import drift_of
from serving.web.model.model_charts import wilson
from serving.web.rendering import StaffPage, respond
from serving.web.series_charts import Grid, drift_grid
from serving.web.wording import words
from training.evaluate.drift import MOVED_FROM, MOVING_FROM

router = APIRouter(include_in_schema=False)
PLACE: Final = "/models/live"
_REPORTS: Final = 12
_FEATURES: Final = 10
_SHOWN: Final = 25
_NAME: Final = 24
_LONGEST_NAME: Final = 100
_LONGEST_NOTE: Final = 500
_PARAMETER: Final = re.compile(r"\{[^}]*\}")


@router.get(PLACE)
def get_live(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, live_page(runtime, session.person, scope), session)


@router.post(f"{PLACE}/acknowledgements")
def post_acknowledgement(request: Request, runtime: TheRuntime, session: Trainer, fields: Fields) -> Response:
    """Record why a feature stays shifted."""
    scope = scope_of_form(runtime, session.person, Permission.TRAIN_MODELS, fields)
    feature, note = fields.get("feature", "")[:_LONGEST_NAME], fields.get("note", "")[:_LONGEST_NOTE]
    acknowledge(runtime, scope.chosen, feature=feature, note=note, by=session.person.actor)
    return go_to(request, scope.at(PLACE), Flash.DRIFT_ACKNOWLEDGED)


@router.post(f"{PLACE}/acknowledgements/withdraw")
def post_withdrawal(request: Request, runtime: TheRuntime, session: Trainer, fields: Fields) -> Response:
    scope = scope_of_form(runtime, session.person, Permission.TRAIN_MODELS, fields)
    acknowledgement_id = fields.get("acknowledgement_id", "")[:_LONGEST_NAME]
    withdraw_acknowledgement(runtime, scope.chosen, acknowledgement_id=acknowledgement_id, by=session.person.actor)
    return go_to(request, scope.at(PLACE), Flash.DRIFT_ALARMED)


def live_page(runtime: Runtime, person: Person, scope: PlaceScope) -> StaffPage:
    place, now = scope.chosen, runtime.clock.now()
    with runtime.store.read() as connection:
        drift = drift_of(connection, place.marketplace_id, red_features_now(runtime, connection, place.marketplace_id))
        reports = monitoring.drift_reports(connection, place.marketplace_id, _REPORTS)
    precision = reason_precision(runtime, place)
    return StaffPage(
        "models_live.html",
        "/models",
        scope=scope,
        drift=drift,
        may_acknowledge=place.marketplace_id in person.marketplaces(Permission.TRAIN_MODELS),
        grid=_feature_grid(reports, now) if reports else None,
        moving_from=MOVING_FROM,
        moved_from=MOVED_FROM,
        days=DAYS,
        told=precision,
        tables=(
            _precision_table(
                "for",
                "Reasons for counterfeit",
                "Labelled listings for which this reason raised the score.",
                precision.reasons_for,
            ),
            _precision_table(
                "against",
                "Reasons against counterfeit",
                "Labelled listings for which this reason lowered the score. The counterfeit share should be low.",
                precision.reasons_against,
            ),
            _precision_table("rules", "Routing rules", "Labelled listings that this rule routed.", precision.rules),
            _precision_table(
                "evidence",
                "Named evidence",
                "Labelled listings that were sent to a person with this evidence, and their share of all.",
                precision.evidence,
            ),
        ),
    )


def _feature_grid(reports: Sequence[tuple[datetime, Mapping[str, Any]]], now: datetime) -> Grid:
    """The most drifted features of the newest report, and the score, over the last reports."""
    by_report = [{row["name"]: row["psi"] for row in report["shifts"]} for _, report in reports]
    newest = by_report[-1]
    names = sorted((name for name in newest if name != SCORE), key=lambda name: -newest[name])[:_FEATURES]
    names += [SCORE] if SCORE in newest else []
    columns = [words.day(made_at, now) for made_at, _ in reports]
    rows = [(_short_name(name), [psi_by_name.get(name) for psi_by_name in by_report]) for name in names]
    most = names[0] if names else "none"
    label = f"PSI of features in {len(reports)} reports; highest in the newest: {most.replace('_', ' ')}."
    return drift_grid(rows, columns, bounds=(0.05, MOVING_FROM, MOVED_FROM, 2 * MOVED_FROM), label=label)


def _short_name(name: str) -> str:
    """A feature's name, shortened to the room beside the grid."""
    words_apart = name.replace("_", " ")
    return words_apart if len(words_apart) <= _NAME else f"{words_apart[: _NAME - 1]}…"


def _precision_table(key: str, title: str, says: str, signals: Sequence[ReasonCounts]) -> SimpleNamespace:
    """A rule is named by its sentence, without the numbers and names of a listing."""
    catalogue = sentences() if key in {"rules", "evidence"} else {}
    return SimpleNamespace(
        key=key,
        title=title,
        says=says,
        rows=[
            (
                _PARAMETER.sub("…", catalogue[signal.name].text) if catalogue else signal.name.replace("_", " "),
                signal,
                wilson(signal.counterfeit, signal.labelled),
            )
            for signal in signals[:_SHOWN]
        ],
    )
