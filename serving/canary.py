"""Loads one bundle and scores one listing with it, in a child process so that a crash ends only the child.

`python -m serving.canary FOLDER DIGEST` exits with 0, or with 1 and a sentence.
"""

import math
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing
from models.bundle import from_files
from models.errors import BundleRefused
from training.bundle_folder import read_bundle_folder

_TRIED = Listing(
    external_id="canary",
    title="Leather tote, grey",
    description="With dust bag and receipt.",
    price=Decimal("129.00"),
    currency="EUR",
    product_type="Bags",
)


# LightGBM looks for these when it is imported, for estimators that nothing here uses: half of a canary's work.
_LEFT_OUT: Final = ("sklearn", "pandas", "pyarrow", "matplotlib", "dask")


def main(folder: Path, digest: str) -> int:
    """Try a bundle."""
    try:
        bundle = from_files(read_bundle_folder(folder), expected=digest)
        facts = assemble_facts(
            _TRIED, bundle.references, NOTHING_RECORDED, marketplace="canary", as_of=datetime(2026, 1, 1, tzinfo=UTC)
        )
        score = bundle.score_many([compute(facts)])[0]
    except BundleRefused as refused:
        print(refused.sentence)  # noqa: T201  # the parent reads it
        return 1
    if score.probability is None or not math.isfinite(score.value):
        print("The bundle gives no finite score.")  # noqa: T201  # as above
        return 1
    return 0


if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(_LEFT_OUT))  # type: ignore[arg-type]  # None: as if it were not installed
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
