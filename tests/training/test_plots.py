from pathlib import Path

import matplotlib as mpl
import pytest

from training.plots import PALETTE, STYLE, draw_plots

CURVE = {"recall": [0.5, 1.0], "precision": [1.0, 0.5], "reliability": [[0.1, 0.0, 5, 0], [0.9, 1.0, 5, 5]]}
REPORTS = [
    ({"judged": {"curves": {"candidate": CURVE, "champion": CURVE}}, "curves": CURVE}, "two models"),
    ({"judged": {"why": "Too few."}, "curves": CURVE}, "out of fold, where nothing was judged"),
]


@pytest.mark.parametrize(("report", "_why"), REPORTS)
def test_two_plots_are_drawn(tmp_path: Path, report: dict[str, object], _why: str) -> None:
    files = draw_plots(report, tmp_path)
    assert [path.name for path in files] == ["precision_recall.png", "reliability.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5_000 for path in files)


def test_the_style_of_notebooks_is_one_that_matplotlib_knows() -> None:
    assert [style["color"] for style in mpl.RcParams(STYLE)["axes.prop_cycle"]] == list(PALETTE)
