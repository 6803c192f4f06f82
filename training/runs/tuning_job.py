"""The tuning child: `python -m training.runs.tuning_job …`. It trains no model for use and registers nothing.

An interrupt (SIGINT) ends the search; the child still says what was found before it.
"""

import argparse
import signal
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from training.child import REFUSED, add_registry_options, end_with_parent, exit_now, send_message
from training.registry.tracking import Registry, TuningRun
from training.runs.pipeline import without_nan
from training.snapshots.labelled import labelled_rows
from training.tuning.nested import Plan, TuningListener, summarise, tune
from training.tuning.search import TrialDone


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune; returns 0 when done, also after an interrupt, 3 when refused with a sentence."""
    parser = argparse.ArgumentParser(prog="training.runs.tuning_job")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--format", required=True)
    parser.add_argument("--received-at", type=datetime.fromisoformat, required=True)
    parser.add_argument("--folds", type=int, required=True)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    add_registry_options(parser)
    options = parser.parse_args(arguments)
    end_with_parent()
    signal.signal(signal.SIGINT, _interrupt_once)
    try:
        outcome = _tune(options)
    except ValueError as refused:
        send_message({"event": "refused", "sentence": str(refused)})
        return REFUSED
    except KeyboardInterrupt:
        send_message({"event": "refused", "sentence": "Interrupted before the search began."})
        return REFUSED
    send_message({"event": "done", **outcome})
    return 0


def _interrupt_once(_signal: int, _frame: FrameType | None) -> None:
    """Interrupt the search once: a terminal sends the signal to the parent too, which passes it on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _tune(options: argparse.Namespace) -> dict[str, Any]:
    send_message({"event": "progress", "stage": "read", "share": 0.0})
    rows = labelled_rows(options.data, options.format, received_at=options.received_at)
    plan = Plan(options.folds, options.trials, options.seed, options.threads)
    run = TuningRun(Registry(options.tracking_uri, options.artifacts, options.model_name))
    run.begin(
        f"{options.data.name} {options.received_at:%Y-%m-%d %H:%M}",
        {
            "data": options.data.name,
            "format": options.format,
            "rows": len(rows.material.labels),
            "positives": int(rows.material.labels.sum()),
            "folds": plan.folds,
            "trials": plan.trials,
            "minutes": options.minutes,
            "seed": plan.seed,
        },
    )
    seconds: float = 60 * options.minutes
    began, positives = time.monotonic(), int(rows.material.labels.sum())

    def heard(search: str, number: int, trial: TrialDone) -> None:
        name, settings = f"{search}, trial {trial.number}", trial.settings.values(positives)
        run.trial(name, settings, trial.after_each_fold, trial.objective)
        share = (number + (trial.number + 1) / (plan.trials + 1)) / plan.searches
        send_message({"event": "progress", "stage": search, "share": round(share, 4)})

    def enough(number: int) -> bool:
        return time.monotonic() - began >= seconds * (number + 1) / plan.searches

    tuned = tune(rows.material, plan, TuningListener(heard, enough))
    summary = without_nan(summarise(rows.material, plan, tuned))
    run.end(summary, finished=not tuned.interrupted)
    left_out = {"refused": rows.refused, "unlabelled": rows.unlabelled}
    return {**summary, **left_out, "run_id": run.run_id, "not_tracked": run.not_tracked}


if __name__ == "__main__":
    exit_now(main())
