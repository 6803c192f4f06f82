"""The child that publishes a promotion to MLflow: `python -m training.publication …`."""

import argparse
from collections.abc import Sequence

from training.child import REFUSED, add_registry_options, end, end_with_parent, say
from training.registry import runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Point the alias `champion` at a bundle's version; returns 0 when done, 3 when refused with a sentence."""
    parser = argparse.ArgumentParser(prog="training.publication")
    parser.add_argument("--digest", required=True)
    add_registry_options(parser)
    options = parser.parse_args(arguments)
    end_with_parent()
    try:
        client = runs.connect(options.tracking_uri, options.artifacts)
        version = runs.point_champion(client, options.model_name, options.digest)
    except (LookupError, ValueError) as refused:
        say({"event": "refused", "sentence": str(refused)})
        return REFUSED
    say({"event": "done", "version": version})
    return 0


if __name__ == "__main__":
    end(main())
