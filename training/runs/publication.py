"""The child that publishes a model to MLflow: `python -m training.runs.publication …`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from models.errors import BundleRefused
from training.bundle_folder import read_bundle_folder
from training.child import REFUSED, add_registry_options, end_with_parent, exit_now, send_message
from training.registry.tracking import Registry, TrackingFailed, TrainedBundle, publish


def main(arguments: Sequence[str] | None = None) -> int:
    """Register a bundle if it is not, and with `--champion` or `--challenger` point that alias at it; returns 0 when
    done, 3 when refused with a sentence."""
    parser = argparse.ArgumentParser(prog="training.runs.publication")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--digest", required=True)
    parser.add_argument("--job-id", required=True)
    alias = parser.add_mutually_exclusive_group()
    alias.add_argument("--champion", action="store_true")
    alias.add_argument("--challenger", action="store_true")
    parser.add_argument("--promoted", nargs=3, metavar=("BY", "REASON", "AT"))
    add_registry_options(parser)
    options = parser.parse_args(arguments)
    end_with_parent()

    def trained() -> TrainedBundle:
        from models.bundle import from_files  # noqa: PLC0415  # its libraries take a second; most models are registered

        from_files(read_bundle_folder(options.bundle), expected=options.digest)
        return TrainedBundle.at(options.bundle, options.digest, options.job_id)

    registry = Registry(options.tracking_uri, options.artifacts, options.model_name)
    try:
        registration = publish(
            registry,
            trained,
            options.digest,
            champion=options.champion,
            challenger=options.challenger,
            promotion=dict(zip(("by", "reason", "at"), options.promoted, strict=True)) if options.promoted else {},
        )
    except (TrackingFailed, BundleRefused, LookupError, ValueError) as refused:
        send_message({"event": "refused", "sentence": str(refused)})
        return REFUSED
    send_message({"event": "done", "run_id": registration.run_id, "version": registration.version})
    return 0


if __name__ == "__main__":
    exit_now(main())
