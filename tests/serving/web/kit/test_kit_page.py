import re

import pytest

from serving.web.headers import FOLDER
from tests.fixtures.clocks import NOW
from tests.serving.web.kit import contrast
from tests.serving.web.kit.contrast import Contrast
from tests.serving.web.kit.kit_page import kit
from tests.serving.web.visits import words


@pytest.mark.parametrize("pair", contrast.contrasts(), ids=lambda pair: f"{pair.use}: {pair.drawn}")
def test_what_is_drawn_can_be_told_from_its_ground_in_both_themes(pair: Contrast) -> None:
    assert pair.light >= pair.needed, "light"
    assert pair.dark >= pair.needed, "dark"


@pytest.mark.parametrize(
    ("colour", "other", "ratio", "_why"),
    [
        ("#000000", "#ffffff", 21.0, "the most there is"),
        ("#ffffff", "#ffffff", 1.0, "the least"),
        ("#767676", "#ffffff", 4.54, "the lightest grey that passes for text, by WebAIM"),
        ("#ff0000", "#ffffff", 4.0, "pure red, by WebAIM"),
    ],
)
def test_a_contrast_is_what_others_compute(colour: str, other: str, ratio: float, _why: str) -> None:
    assert contrast.ratio(colour, other) == pytest.approx(ratio, abs=0.005)
    assert contrast.ratio(other, colour) == contrast.ratio(colour, other)


def test_the_colours_are_those_of_the_sheet_itself() -> None:
    sheet = (FOLDER / "touchstone.css").read_text(encoding="utf-8")
    root = sheet[sheet.index(":root {") : sheet.index("\n}")]
    written = set(re.findall(r"--([\w-]+): (?:light-dark\(#|#)", root))
    assert set(contrast.colours()) == written
    assert len(written) >= 40


def test_the_page_shows_every_colour_and_every_pair_and_says_that_all_hold() -> None:
    text = kit(NOW)
    for colour in contrast.colours().values():
        assert f">{colour.name}<" in text, colour.name
    sentence = words(text)
    assert f"All {len(contrast.contrasts())} pairs hold in both themes." in sentence
    for pair in contrast.contrasts():
        assert pair.use in sentence
