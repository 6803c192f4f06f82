from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.simulation import a_small_market
from tests.training.simulation import label_curves
from tests.training.simulation.label_curves import (
    OTHERS,
    OURS,
    PRODUCT,
    SCORECARD,
    SIZES,
    Line,
    differences,
    estimate,
    read_lines,
    resume,
)


def test_a_stopped_run_goes_on_where_it_stopped_and_an_unfinished_line_is_written_again(tmp_path: Path) -> None:
    path, written = tmp_path / "curves.ndjson", []

    def make(seed: int, missing: Collection[int]) -> Iterator[Line]:
        for size in missing:
            written.append((seed, size))
            yield {"seed": seed, "labels": size}

    resume(path, [0], make)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-5], encoding="utf-8")
    written.clear()
    resume(path, [0, 1], make)
    assert written == [(0, SIZES[-1]), *((1, size) for size in SIZES)]
    assert [(line["seed"], line["labels"]) for line in read_lines(path)] == [(s, n) for s in (0, 1) for n in SIZES]


def test_an_interval_is_wider_where_seeds_differ_and_covers_their_mean() -> None:
    alike = np.random.default_rng(0).normal(0.1, 0.02, (5, 201))
    apart = alike + np.array([-0.2, -0.1, 0.0, 0.1, 0.2])[:, None]
    (mean, low, high), (_, lower, higher) = estimate(alike), estimate(apart)
    assert low < mean < high < 0.2
    assert lower < low < high < higher


def test_every_method_has_a_figure_at_each_missing_number_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in {"Market": lambda _settings: a_small_market(), "SIZES": (12, 24), "UNSEEN": 200}.items():
        monkeypatch.setattr(label_curves, name, small)
    (line,) = label_curves.seed_lines(2, [24])
    assert (line["labels"], line["refused_by"], line["has_model"]) == (24, ["enough_to_judge"], False)
    assert line["average_precision"].keys() == {*OURS, *OTHERS}
    assert line["average_precision"][PRODUCT] == line["average_precision"][SCORECARD]
    assert all(0 < figure[0] <= 1 for figure in line["average_precision"].values())


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.timeout(2_400)
def test_ours_is_nowhere_below_another_method_beyond_chance(tmp_path: Path) -> None:
    path = tmp_path / "curves.ndjson"
    resume(path, range(5))
    lines = read_lines(path)
    below = [row for row in differences(lines) if row[-1][-1] < 0]
    assert len(lines) == 5 * len(SIZES)
    assert below == []
