"""The child that repeats a training from the record of its run: `python -m training.runs.reproduction …`.

It registers and promotes nothing.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from models.bundle import digest_of
from models.errors import BundleRefused
from models.forest import Forest
from training.child import REFUSED, add_registry_options, end_with_parent, exit_now, send_message
from training.fit.second_stage import NO_ENCODER
from training.fit.settings import FitSettings
from training.gates.golden import GoldenSet, read_golden
from training.registry.record import Record
from training.registry.tracking import Registry, TrackingFailed, bundle_in, record_in
from training.runs.differing import first_difference
from training.runs.made_with import FINGERPRINT, made_with, version_changes
from training.runs.pipeline import Candidate, train
from training.snapshots.snapshot import SnapshotRefused, read_snapshot

_DIGEST_LENGTH: Final = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Train again what a run recorded, and compare; returns 0 when done, 3 when refused with a sentence."""
    parser = argparse.ArgumentParser(prog="training.runs.reproduction")
    parser.add_argument("--run", required=True)
    parser.add_argument("--snapshots", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    add_registry_options(parser)
    options = parser.parse_args(arguments)
    end_with_parent()
    try:
        comparison = _reproduce(options)
    except (SnapshotRefused, BundleRefused, TrackingFailed, LookupError, ValueError) as refused:
        send_message({"event": "refused", "sentence": str(refused)})
        return REFUSED
    send_message({"event": "done", **comparison})
    return 0


def _reproduce(options: argparse.Namespace) -> dict[str, Any]:
    registry = Registry(options.tracking_uri, options.artifacts, options.model_name)
    send_message({"event": "progress", "stage": "read", "share": 0.0})
    record = record_in(registry, options.run)
    then: Mapping[str, str] = record.report.get("made_with", {})
    now = made_with()
    differences = version_changes(then, now)
    comparison = {"run_id": record.run_id, "recorded": record.digest, "digest": None, "differences": differences}
    if then.get(FINGERPRINT, now[FINGERPRINT]) != now[FINGERPRINT]:
        return comparison  # Other features give another bundle.
    candidate = _train_again(options, record)
    comparison["digest"] = digest = digest_of(candidate.files)
    if digest != record.digest:
        with tempfile.TemporaryDirectory(prefix="touchstone-recorded-") as folder:
            first = first_difference(bundle_in(registry, record.run_id, Path(folder)), candidate.files)
        if first is not None:
            differences.append(first)
    return comparison


def _train_again(options: argparse.Namespace, record: Record) -> Candidate:
    """The candidate of the recorded snapshot, seed, learner, settings, leaks and golden set.

    The champion of that time is left out: it decides the gates, and of the bundle only which rows it learns.
    """
    report = record.report
    until = report.get("champion_learnt_until")
    return train(
        read_snapshot(_file_of_digest(options.snapshots, "snapshot", report["snapshot"]), expected=report["snapshot"]),
        champion=None,
        golden=_read_golden_set(options.snapshots, report.get("golden_set")),
        seed=report["seed"],
        threads=options.threads,
        accepted_leaks=[leak["feature"] for leak in report["accepted_leaks"]],
        learner=report.get("learner", Forest.name),
        settings=FitSettings.of(report.get("settings", {})),
        encoder=(report.get("second_stage") or {}).get("package", NO_ENCODER),
        champion_learnt_until=None if until is None else datetime.fromisoformat(until),
        progress=lambda stage, share: send_message({"event": "progress", "stage": stage, "share": round(share, 2)}),
    )


def _read_golden_set(folder: Path, digest: str | None) -> GoldenSet | None:
    return None if digest is None else read_golden(_file_of_digest(folder, "golden set", digest), expected=digest)


def _file_of_digest(folder: Path, what: str, digest: str) -> Path:
    """The file of a digest.

    Raises SnapshotRefused (the run was trained on a file, or the data directory does not have the digest).
    """
    if len(digest) != _DIGEST_LENGTH:
        raise SnapshotRefused(f"The run was trained on a {digest}, and no snapshot of it was kept.")
    path = folder / (f"golden-{digest}.jsonl" if what == "golden set" else f"{digest}.parquet")
    if not path.is_file():
        raise SnapshotRefused(f"The data directory does not have the {what} {digest[:12]} of the run.")
    return path


if __name__ == "__main__":
    exit_now(main())
