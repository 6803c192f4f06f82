"""The input of a fit, computed in parts and sent as bytes, is that of all rows at once."""

import numpy as np
import pytest

from features.text_kernel import COLUMNS
from tests.fixtures.clusters import a_cluster
from tests.fixtures.labelled import a_market, market_facts
from training.cluster import ClusterFailed
from training.fit_cluster import FitInputWork, fit_input_at
from training.fit_input import FitInput

FACTS = market_facts(a_market(40))


def equal(one: FitInput, other: FitInput) -> bool:
    """To the last bit, and of the same types."""
    pairs = ((one.numbers, other.numbers), *((one.texts[i], other.texts[i]) for i in range(3)))
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


def test_parts_joined_are_the_input_of_all_rows() -> None:
    parts = [FitInput.of(FACTS[start : start + 15]) for start in range(0, 40, 15)]
    assert equal(FitInput.joined(parts), FitInput.of(FACTS))


def test_the_input_survives_as_bytes() -> None:
    found = FitInput.of(FACTS)
    assert equal(FitInput.from_bytes(found.to_bytes(), 40), found)


def damaged(found: FitInput) -> dict[str, FitInput]:
    """Inputs that compiled code would read beyond the arrays, or for other rows."""
    indices, values, starts = found.texts
    high, low, back = indices.copy(), indices.copy(), starts.copy()
    high[3], low[3] = COLUMNS, -1
    back[5] = back[7]
    return {
        "column too high": found._replace(texts=found.texts._replace(indices=high)),
        "negative column": found._replace(texts=found.texts._replace(indices=low)),
        "rows back": found._replace(texts=found.texts._replace(starts=back)),
        "later start": found._replace(texts=found.texts._replace(starts=np.maximum(starts, 1))),
        "values missing": found._replace(texts=found.texts._replace(values=values[:-1])),
        "a row missing": FitInput.of(FACTS[1:]),
        "other numbers": found._replace(numbers=found.numbers[:, 1:]),
        "another type": found._replace(texts=found.texts._replace(values=values.astype(np.float64))),
    }


@pytest.mark.parametrize("fault", damaged(FitInput.of(FACTS)))
def test_arrays_that_do_not_fit_are_refused(fault: str) -> None:
    with pytest.raises(ValueError, match="no input of these rows"):
        FitInput.from_bytes(damaged(FitInput.of(FACTS))[fault].to_bytes(), 40)


def test_a_training_that_a_worker_fails_says_to_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.fit_input.matrix", None)
    failed = pytest.raises(ClusterFailed, match=r"failed \(TypeError: .*\)\. Run the same command again\.$")
    with a_cluster() as cluster, failed:
        fit_input_at(cluster.scheduler_address, FACTS, lambda _share: None)


@pytest.mark.parametrize("answer", [b"", b"nothing", FitInput.of(FACTS[1:]).to_bytes()])
def test_a_worker_s_answer_that_is_no_input_ends_the_training(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FitInputWork, "compute", lambda _self, _facts: answer)
    with a_cluster() as cluster, pytest.raises(ClusterFailed, match="something else than the input of its rows"):
        fit_input_at(cluster.scheduler_address, FACTS, lambda _share: None)
