"""Compare the behaviour of two trees: `python -m tests.equality OUT.json [part ...]` in each tree, then in either tree
`python -m tests.equality --compare BEFORE.json AFTER.json`. It lists the differences; exit code 1 if there are any.
"""

import argparse
import logging
import os
import sys
import time
from pathlib import Path

import structlog

from tests.equality.parts import PARTS
from tests.equality.record import compare, write_part


def main() -> int:
    """Write the texts of this tree, or compare two trees."""
    parser = argparse.ArgumentParser(prog="python -m tests.equality", description=__doc__)
    parser.add_argument(
        "out", type=Path, nargs="?", help="JSON file of digests; the texts are written to a folder beside it."
    )
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all by default.")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"))
    parser.add_argument("--without-digests", action="store_true", help="Ignore hexadecimal digests.")
    options = parser.parse_args()
    if options.compare:
        return _compare(*options.compare, without_digests=options.without_digests)
    if options.out is None or not set(options.parts) <= set(PARTS):
        parser.error(f"give a file to write, and only parts among {', '.join(PARTS)}")
    return _write(options.out, options.parts or list(PARTS))


def _write(out: Path, parts: list[str]) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for part in parts:
        print(f"{part} ...", end=" ", flush=True)  # noqa: T201  # a command's output
        started, used = time.monotonic(), time.process_time()
        texts = PARTS[part]()
        digest = write_part(out, part, texts)
        took = f"{time.monotonic() - started:.0f} s, {time.process_time() - used:.0f} s of processor"
        print(f"{len(texts)} texts, {digest[:16]}, {took}", flush=True)  # noqa: T201
    return 0


def _compare(before: Path, after: Path, *, without_digests: bool) -> int:
    differences = list(compare(before, after, without_digests=without_digests))
    print("\n".join(differences) or "Equal.")  # noqa: T201
    return 1 if differences else 0


if __name__ == "__main__":
    # A developer's settings would appear on pages and in help.
    for name in [name for name in os.environ if name.startswith("TOUCHSTONE_") and name != "TOUCHSTONE_TEST_POSTGRES"]:
        del os.environ[name]
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[2] / ".pytest_cache" / "numba"))
    sys.exit(main())
