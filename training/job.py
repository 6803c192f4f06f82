"""The training child: arguments in, JSON lines on standard output, ended when its standard input closes.

`python -m training.job train …` and `python -m training.job publish …`; only the service's worker and the command
line start it. It is the only importer of `training.registry`, and it never touches the database.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.bundle import digest_of, from_files
from models.errors import BundleRefused
from training.bundle_folder import read_bundle_folder, write_bundle_folder
from training.model_card import model_card
from training.pipeline import train
from training.plots import draw
from training.registry import runs
from training.snapshot import SnapshotRefused, read_snapshot


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 3 refused with a sentence."""
    parser = argparse.ArgumentParser(prog="training.job")
    commands = parser.add_subparsers(dest="command", required=True)
    train_parser = commands.add_parser("train")
    train_parser.add_argument("--snapshot", type=Path, required=True)
    train_parser.add_argument("--snapshot-digest", required=True)
    train_parser.add_argument("--out", type=Path, required=True)
    train_parser.add_argument("--champion", type=Path)
    train_parser.add_argument("--seed", type=int, default=0)
    train_parser.add_argument("--threads", type=int, default=1)
    train_parser.add_argument("--job-id", required=True)
    publish_parser = commands.add_parser("publish")
    publish_parser.add_argument("--digest", required=True)
    for one in (train_parser, publish_parser):
        one.add_argument("--model-name", required=True)
        one.add_argument("--tracking-uri", required=True)
        one.add_argument("--artifacts", type=Path)
    options = parser.parse_args(arguments)
    _end_with_parent()
    try:
        found = _train(options) if options.command == "train" else _publish(options)
    except (SnapshotRefused, BundleRefused, LookupError, ValueError) as refused:
        _say({"event": "refused", "sentence": str(refused)})
        return 3
    _say({"event": "done", **found})
    return 0


def _train(options: argparse.Namespace) -> dict[str, Any]:
    _say({"event": "progress", "stage": "read", "share": 0.0})
    snapshot = read_snapshot(options.snapshot, expected=options.snapshot_digest)
    champion = from_files(read_bundle_folder(options.champion)) if options.champion else None
    candidate = train(
        snapshot,
        champion=champion,
        seed=options.seed,
        threads=options.threads,
        progress=lambda stage, share: _say({"event": "progress", "stage": stage, "share": round(share, 2)}),
    )
    digest = digest_of(candidate.files)
    folder = options.out / digest
    write_bundle_folder(folder, candidate.files, {"report": candidate.report})
    _say({"event": "progress", "stage": "log to MLflow", "share": 0.0})
    with tempfile.TemporaryDirectory(prefix="touchstone-run-") as temporary:
        card = Path(temporary) / "model_card.md"
        card.write_text(model_card(candidate.report, digest), encoding="utf-8")
        plots = draw(candidate.report, Path(temporary))
        client = runs.connect(options.tracking_uri, options.artifacts)
        files = (card, *plots)
        registered = runs.log_run(
            client, runs.Run(options.job_id, digest, options.model_name, candidate.report, folder, files)
        )
    return {
        "digest": digest,
        "folder": str(folder),
        "run_id": registered.run_id,
        "version": registered.version,
        "report": candidate.report,
    }


def _publish(options: argparse.Namespace) -> dict[str, Any]:
    client = runs.connect(options.tracking_uri, options.artifacts)
    return {"version": runs.point_champion(client, options.model_name, options.digest)}


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line, separators=(",", ":"), allow_nan=False), flush=True)  # noqa: T201  # the parent reads it


def _end_with_parent() -> None:
    """A training whose parent is gone has nobody to report to."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(4)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
