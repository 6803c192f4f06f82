"""The training child: `python -m training.runs.job train …`, and `register …` and `close …` for what others did."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.bundle import digest_of, from_files
from models.errors import BundleRefused
from models.forest import Forest
from training.bundle_folder import read_bundle_folder, write_bundle_folder
from training.child import REFUSED, add_registry_options, end_with_parent, exit_now, send_message
from training.fit.second_stage import NO_ENCODER
from training.fit.settings import DEFAULT_SETTINGS, FitSettings, read_settings
from training.fit.stages import READ, REGISTER, Progress, whole_progress
from training.gates.golden import read_golden
from training.registry.run_facts import RunState
from training.registry.runs import Start
from training.registry.tracking import Registry, TrackingFailed, TrainedBundle, end_run, start_run, track
from training.runs.hyper_parameters import fixed_parameters, forest_parameters, policy_versions
from training.runs.made_with import made_with
from training.runs.pipeline import train
from training.snapshots.snapshot import SnapshotRefused, read_snapshot

# With a sentence for the person who requested the training; any other error is a failure.
_REFUSALS: Final = (SnapshotRefused, BundleRefused, TrackingFailed, LookupError, ValueError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 when done, 3 when refused with a sentence."""
    parser = argparse.ArgumentParser(prog="training.runs.job")
    commands = parser.add_subparsers(dest="command", required=True)
    train_parser = commands.add_parser("train")
    train_parser.add_argument("--snapshot", type=Path, required=True)
    train_parser.add_argument("--snapshot-digest", required=True)
    train_parser.add_argument("--out", type=Path, required=True)
    train_parser.add_argument("--champion", type=Path)
    train_parser.add_argument("--golden", type=Path)
    train_parser.add_argument("--golden-digest", default="")
    train_parser.add_argument("--learner", default=Forest.name)
    train_parser.add_argument("--settings", type=Path)
    train_parser.add_argument("--encoder", default=NO_ENCODER)
    train_parser.add_argument("--seed", type=int, default=0)
    train_parser.add_argument("--threads", type=int, default=1)
    train_parser.add_argument("--looks", type=int, default=1)
    train_parser.add_argument("--accept-leak", action="append", default=[])
    train_parser.add_argument("--policy", action="append", default=[])
    register_parser = commands.add_parser("register")
    register_parser.add_argument("--bundle", type=Path, required=True)
    close_parser = commands.add_parser("close")
    close_parser.add_argument("--state", choices=[RunState.REFUSED.value, RunState.FAILED.value], required=True)
    close_parser.add_argument("--reason", required=True)
    for subparser in (train_parser, close_parser):
        subparser.add_argument("--job-id", required=True)
        subparser.add_argument("--run-name", default="")
        subparser.add_argument("--cause", default="")
    for subparser in (train_parser, register_parser, close_parser):
        add_registry_options(subparser)
    options = parser.parse_args(arguments)
    end_with_parent()
    try:
        outcome = {"train": _train, "register": _register_bundle, "close": _close_run}[options.command](options)
    except _REFUSALS as refused:
        send_message({"event": "refused", "sentence": str(refused)})
        return REFUSED
    send_message({"event": "done", **outcome})
    return 0


def _train(options: argparse.Namespace) -> dict[str, Any]:
    """Train within a run that is there from the start, and that says why where there is no bundle."""
    progress = whole_progress(
        lambda stage, share: send_message({"event": "progress", "stage": stage, "share": round(share, 3)})
    )
    progress(READ, 0.0)
    registry = _registry(options)
    try:
        settings = read_settings(options.settings) if options.settings else DEFAULT_SETTINGS
    except ValueError as refused:
        with suppress(TrackingFailed):
            end_run(registry, _bare_start(options), RunState.REFUSED, str(refused))
        raise
    start = _run_start(options, settings)
    begun = start_run(registry, start)
    try:
        return _train_bundle(options, registry, start, settings, progress)
    except Exception as error:
        if begun:
            state = RunState.REFUSED if isinstance(error, _REFUSALS) else RunState.FAILED
            with suppress(TrackingFailed):  # The parent hears of the error itself.
                end_run(registry, start, state, str(error) or type(error).__name__)
        raise


def _train_bundle(
    options: argparse.Namespace, registry: Registry, start: Start, settings: FitSettings, progress: Progress
) -> dict[str, Any]:
    snapshot = read_snapshot(options.snapshot, expected=options.snapshot_digest)
    golden = read_golden(options.golden, expected=options.golden_digest) if options.golden else None
    candidate = train(
        snapshot,
        champion=from_files(read_bundle_folder(options.champion)) if options.champion else None,
        golden=golden,
        seed=options.seed,
        threads=options.threads,
        learner=options.learner,
        settings=settings,
        encoder=options.encoder,
        accepted_leaks=options.accept_leak,
        looks=options.looks,
        progress=progress,
    )
    run = {
        "name": start.name,
        "cause": start.cause,
        "parameters": {**start.parameters, **forest_parameters(candidate.report["positives"], settings)},
    }
    report = {**candidate.report, "run": run, "made_with": made_with()}
    digest = digest_of(candidate.files)
    folder = options.out / digest
    write_bundle_folder(folder, candidate.files, {"report": report})
    # From here on the training has its result, whatever becomes of this process.
    send_message({"event": "trained", "digest": digest, "folder": str(folder), "report": report})
    progress(REGISTER, 0.0)
    try:
        registration = track(registry, TrainedBundle(options.job_id, digest, folder, report))
    except TrackingFailed as why:
        return {"not_tracked": str(why)}
    return {"run_id": registration.run_id, "version": registration.version}


def _run_start(options: argparse.Namespace, settings: FitSettings) -> Start:
    parameters = {**fixed_parameters(options.seed, settings), **dict(policy_versions(*options.policy))}
    return replace(
        _bare_start(options), snapshot=options.snapshot_digest, snapshot_path=options.snapshot, parameters=parameters
    )


def _bare_start(options: argparse.Namespace) -> Start:
    return Start(options.job_id, options.run_name or options.job_id, options.cause)


def _close_run(options: argparse.Namespace) -> dict[str, Any]:
    """End the run of a training that could not do so itself, or that never began."""
    return {"run_id": end_run(_registry(options), _bare_start(options), RunState(options.state), options.reason)}


def _registry(options: argparse.Namespace) -> Registry:
    return Registry(options.tracking_uri, options.artifacts, options.model_name)


def _register_bundle(options: argparse.Namespace) -> dict[str, Any]:
    """Log a bundle that was trained on a file; its digest takes the place of a job id."""
    digest = from_files(read_bundle_folder(options.bundle)).digest
    registration = track(_registry(options), TrainedBundle.at(options.bundle, digest, f"file:{digest}"))
    return {"run_id": registration.run_id, "version": registration.version}


if __name__ == "__main__":
    exit_now(main())
