"""One side of the benchmark of intake: takes in the batches that it is asked for. Runs on other commits too.

Each line of the input names a file of batches; the answer is a line of JSON with the processor seconds of this process.
"""

import gc
import json
import resource
import sys
from pathlib import Path
from typing import Final

from serving.accounts.service import provisioning
from serving.composition import open_runtime
from serving.listings.service.intake import receive_rows
from serving.platform.settings import Settings

_NEW_OBJECTS: Final = 50_000


def processor_seconds() -> float:
    """Of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(home: Path, url: str) -> None:
    """Make a marketplace, then take in each batch of each file in a request of its own."""
    runtime = open_runtime(Settings(home=home, database_url=url))
    marketplace = provisioning.add_marketplace(runtime, name="Bench", base_currency="EUR", by="bench")
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    # As a service does at its start (`serving.commands.main`, `serving.service`).
    gc.set_threshold(_NEW_OBJECTS)
    gc.freeze()
    for line in sys.stdin:
        batches = json.loads(Path(line.strip()).read_text(encoding="utf-8"))
        before = processor_seconds()
        for batch in batches:
            receive_rows(runtime, marketplace, batch, source="bench")
        sys.stdout.write(json.dumps(processor_seconds() - before) + "\n")
        sys.stdout.flush()
    runtime.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
