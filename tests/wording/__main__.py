"""`python -m tests.wording` prints each hit as file:line and fails if there is one; paths as arguments narrow it."""

import sys
from pathlib import Path

from tests.wording.check import files, hits, rules


def main() -> int:
    """1 where something is refused."""
    path_prefixes = tuple(sys.argv[1:])
    known, hit_count, read = rules(), 0, 0
    for path in files(Path()):
        if path_prefixes and not str(path).startswith(path_prefixes):
            continue
        read += 1
        for hit in hits(path, path.read_text(encoding="utf-8"), known):
            hit_count += 1
            print(f"{path}:{hit.line}: {hit.text!r}: {hit.instead}")  # noqa: T201  # its answer
    print(f"{read:,} files, {hit_count:,} hits.")  # noqa: T201
    return 1 if hit_count else 0


if __name__ == "__main__":
    sys.exit(main())
