"""`python -m tests.wording` prints each hit as file:line and fails if there is one; paths as arguments narrow it."""

import sys
from pathlib import Path

from tests.wording.check import files, hits, rules


def main() -> int:
    """1 where something is refused."""
    wanted = tuple(sys.argv[1:])
    known, found, read = rules(), 0, 0
    for path in files(Path()):
        if wanted and not str(path).startswith(wanted):
            continue
        read += 1
        for hit in hits(path, path.read_text(encoding="utf-8"), known):
            found += 1
            print(f"{path}:{hit.line}: {hit.text!r}: {hit.instead}")  # noqa: T201  # its answer
    print(f"{read:,} files, {found:,} hits.")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
