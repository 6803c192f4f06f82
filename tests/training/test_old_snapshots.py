"""A snapshot from before a feature existed trains with it: its values come from the stored facts."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any, Final

import pytest

from features.compute import NAMES, input_fingerprint
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_references, snapshot_rows
from training.snapshot import SnapshotRow, write_snapshot

NEW: Final = ("price_last_digit", "seller_linked_first")
# Everything that depends on the features is computed when it is imported, so they are registered before.
TRAINED: Final = """
import json, math, sys
from pathlib import Path
from features import price, seller_links
from features.message import message
from features.spec import MISSING, Evidence, Scale, either

def said(e, value):
    return message("said", value=value)

@price.signals.feature(Scale("digit", 0, 9), side=either, say=said, missing="never")
def price_last_digit(e: Evidence) -> float:
    \"\"\"Last digit of the price.\"\"\"
    return float(str(e.facts.listing.price)[-1])

@seller_links.signals.feature(Scale("sellers", 0, 1e6), side=either, say=said)
def seller_linked_first(e: Evidence) -> float:
    \"\"\"Sellers that share a contact.\"\"\"
    links = e.facts.seller.links
    return MISSING if links is None else float(len(links.sellers))

import numpy as np
import pytest
from features.compute import NAMES, input_fingerprint, matrix
from models.bundle import from_files
from tests.fixtures.fitting import small_forests
from training.pipeline import train
from training.snapshot import read_snapshot

with pytest.MonkeyPatch.context() as patch:
    small_forests(patch)
    snapshot = read_snapshot(Path(sys.argv[1]), expected=sys.argv[2])
    found = train(snapshot, champion=None, seed=0, threads=1)
columns = matrix(snapshot.facts())
digits, linked = (columns[:, NAMES.index(name)] for name in sys.argv[3:])
print(json.dumps({
    "fingerprint": input_fingerprint(),
    "learnt": [name for name in sys.argv[3:] if name in from_files(found.files).classifier.learner.columns],
    "feature_count": found.report["feature_count"],
    "rows": found.report["rows"] + found.report["waiting"],
    "digits": digits.tolist(),
    "linked_missing": int(np.isnan(linked).sum()),
}))
"""
DATA = a_market(160)


def of_the_second_schema(row: SnapshotRow) -> SnapshotRow:
    """The row as the code of schema 2 stored it: without links, naming, priors and corrections."""
    facts = json.loads(row.facts)
    facts["schema"] = 2
    del facts["seller"]["links"], facts["naming"], facts["priors"], facts["correction"]
    return replace(row, facts=json.dumps(facts))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A training with two features more, on a snapshot that this process stored without them."""
    rows = [of_the_second_schema(row) for row in snapshot_rows(DATA)]
    path, digest = write_snapshot(tmp_path_factory.mktemp("old"), rows, market_references(DATA), NOW)
    command = [sys.executable, "-P", "-c", TRAINED, str(path), digest, *NEW]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_snapshot_stored_before_a_feature_existed_trains_with_it(trained: dict[str, Any]) -> None:
    assert trained["fingerprint"] != input_fingerprint()
    assert trained["learnt"] == list(NEW)
    assert trained["feature_count"] == len(NAMES) + len(NEW)
    assert trained["rows"] == len(DATA.labels)


def test_its_values_are_computed_from_the_stored_facts(trained: dict[str, Any]) -> None:
    assert trained["digits"] == [float(str(listing.price)[-1]) for listing in DATA.listings]


def test_a_fact_that_was_not_recorded_then_is_missing_and_never_zero(trained: dict[str, Any]) -> None:
    assert trained["linked_missing"] == len(DATA.labels)
