"""The child that has MLflow's database follow a moved data directory: `python -m training.relocation …`."""

import argparse
from collections.abc import Sequence

from training.child import add_registry_options, end, end_with_parent, say
from training.registry.relocating import relocate


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the addresses of artifacts; returns 0."""
    parser = argparse.ArgumentParser(prog="training.relocation")
    add_registry_options(parser)
    options = parser.parse_args(arguments)
    end_with_parent()
    say({"event": "done", "earlier": relocate(options.tracking_uri, options.artifacts)})
    return 0


if __name__ == "__main__":
    end(main())
