"""One side of the benchmark of commits: scores rows one at a time, a round for each line that it reads.

Prints the microseconds of processor time a listing, from row to score without reasons. Runs on other commits too, with
a model that the side's own code fits.
"""

import sys
import time

from features import fold
from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Listing, check
from models.bundle import from_files
from tests.benchmarks.work import NOW, bundle_files, rows_to_score

bundle, rows = from_files(bundle_files()), rows_to_score(200)
remembered = [function for function in vars(fold).values() if hasattr(function, "cache_clear")]


def round_seconds() -> float:
    for function in remembered:
        function.cache_clear()
    begun = time.process_time()
    for row in rows:
        listing = check(row, received_at=NOW)
        assert isinstance(listing, Listing)
        facts = assemble_facts(listing, bundle.references, NOTHING_RECORDED, marketplace="bench", as_of=NOW)
        bundle.score_many([compute(facts)], with_reasons=False)
    return (time.process_time() - begun) / len(rows) * 1e6


round_seconds()  # Compiles and warms up.
for _ in sys.stdin:
    sys.stdout.write(f"{round_seconds()}\n")
    sys.stdout.flush()
