from serving.transparency.rules.transparency_figures import Accuracy, BandOfScores, Part, Share, accuracy_figures

NOTHING = Share(None, 0.0, 1.0, 0)


def figures_by_indicator(accuracy: Accuracy) -> dict[str, tuple[float | None, str | None]]:
    figures = accuracy_figures(accuracy)
    assert {figure.part for figure in figures} == {Part.AUTOMATED_MEANS}
    return {figure.indicator: (figure.value, figure.note) for figure in figures}


def test_flagged_genuine_listings_and_passed_counterfeits_are_errors() -> None:
    figures = figures_by_indicator(Accuracy(Share(0.75, 0.625, 0.875, 16), Share(0.25, 0.125, 0.5, 8), ()))
    assert {name: number for name, (number, _) in figures.items()} == {
        "error_rate_of_what_was_flagged": 0.25,
        "error_rate_of_what_was_flagged_low": 0.125,
        "error_rate_of_what_was_flagged_high": 0.375,
        "error_rate_of_what_was_flagged_judged": 16,
        "error_rate_of_what_was_passed_over": 0.25,
        "error_rate_of_what_was_passed_over_low": 0.125,
        "error_rate_of_what_was_passed_over_high": 0.5,
        "error_rate_of_what_was_passed_over_judged": 8,
    }


def test_every_band_has_its_share_with_both_ends() -> None:
    band = BandOfScores(0.4, 0.6, 30, Share(0.5, 0.3, 0.7, 12))
    figures = figures_by_indicator(Accuracy(NOTHING, NOTHING, (band,)))
    assert figures["band_0.40_0.60_listings"][0] == 30
    shares = [figures[f"band_0.40_0.60_counterfeit_share{end}"][0] for end in ("", "_low", "_high", "_judged")]
    assert shares == [0.5, 0.3, 0.7, 12]


def test_a_figure_without_a_sample_has_no_value_and_a_note() -> None:
    figures = figures_by_indicator(Accuracy(NOTHING, NOTHING, ()))
    share, note = figures["error_rate_of_what_was_flagged"]
    assert share is None
    assert note
    assert figures["error_rate_of_what_was_flagged_judged"][0] == 0
