"""One side of the benchmark of files: scores a file and prints what it took, as JSON. Runs on other commits too.

The model is fitted by the side's own code, because no version reads bundles of features that it does not have.
"""

import inspect
import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training.bundle_folder import read_bundle_folder, write_bundle_folder
from training.score.file import score_file


def processor_seconds() -> float:
    """Of this process and of those that it began and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(source: Path, bundle: Path, out: Path, processes: int, *, with_reasons: bool) -> None:
    """Score the file; a commit without files without reasons scores with them."""
    wishes: dict[str, Any] = {} if with_reasons else {"with_reasons": False}
    if not wishes.keys() <= inspect.signature(score_file).parameters.keys():
        wishes = {}
    now = datetime(2026, 11, 1, tzinfo=UTC)
    if not bundle.exists():
        from tests.benchmarks.work import bundle_files  # noqa: PLC0415  # the libraries of fits are not those of scores

        write_bundle_folder(bundle, bundle_files(), {})
    files = read_bundle_folder(bundle)
    before = processor_seconds()
    score_file(source, "native", files, out, received_at=now, processes=processes, **wishes)
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor  # noqa: PLC0415  # of earlier commits

        get_reusable_executor().shutdown()
    sys.stdout.write(json.dumps(processor_seconds() - before))


if __name__ == "__main__":
    source_, bundle_, out_ = map(Path, sys.argv[1:4])
    main(source_, bundle_, out_, int(sys.argv[4]), with_reasons=sys.argv[5] == "reasons")
