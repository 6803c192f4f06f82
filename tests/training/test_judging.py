from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from features.compute import compute
from models.arrays import Labels
from models.bundle import Bundle
from models.policies.learning import DEFAULT_GATES, GatePolicy
from tests.fixtures.fitting import fit_once
from tests.fixtures.labelled import a_market, market_facts, market_references
from tests.fixtures.scorers import a_bundle
from training.evaluate.comparison import curves, figures, reliability, slice_figures
from training.evaluate.judging import Judgement, Trial, judge
from training.evaluate.metrics import average_precision, effective_number
from training.evaluate.splits import LaterSplit, TimeFold, split_later_unseen
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.gates.gate import Gate, State
from training.gates.incumbent import IncumbentScorer

DATA = a_market(160)
FACTS = market_facts(DATA)


def a_split() -> LaterSplit:
    times = [facts.listing.occurred_at or facts.as_of for facts in FACTS]
    return split_later_unseen(times, DATA.groups, share=0.25)


TRIAL = Trial(
    FACTS,
    DATA.labels,
    DATA.groups,
    DATA.groups,
    lambda rows: np.ones(len(rows)),
    np.ones(160),
    market_references(DATA),
    a_split(),
    seed=0,
    threads=1,
)


@pytest.fixture(autouse=True)
def _fits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fit_once(monkeypatch)


def judgement_of(trial: Trial = TRIAL, champion: Bundle | None = None, policy: GatePolicy = DEFAULT_GATES) -> Judgement:
    return judge(trial, champion, lambda _what, _share: None, policy)


@cache
def judgement_alone() -> Judgement:
    return judgement_of()


@cache
def judgement_beside() -> Judgement:
    return judgement_of(champion=a_bundle())


def test_a_judgement_without_a_champion_reports() -> None:
    assert judgement_alone().report.keys() == {
        "rows", "positives", "sellers", "champion_saw", "random_slice", "candidate", "only_text_and_price", "curves",
        "slices", "peers",
    }  # fmt: skip


def test_a_judgement_beside_a_champion_reports_it_and_the_difference() -> None:
    assert judgement_beside().report.keys() - judgement_alone().report.keys() == {"champion", "difference_interval"}
    assert judgement_beside().report["champion"]["digest"] == a_bundle().digest
    assert judgement_beside().report["curves"].keys() == {"candidate", "champion"}


def test_a_candidate_is_judged_on_later_rows_only() -> None:
    """The last forty rows; one is of a seller known from an earlier time fold."""
    assert set(TRIAL.split.judge) < set(range(120, 160))
    assert (judgement_alone().report["rows"], judgement_alone().report["sellers"]) == (39, 20)
    assert judgement_alone().report["positives"] == DATA.labels[TRIAL.split.judge].sum()


def test_a_champion_changes_nothing_for_the_candidate() -> None:
    assert judgement_beside().report["candidate"] == judgement_alone().report["candidate"]


def test_a_random_champion_is_beaten() -> None:
    low, high = judgement_beside().report["difference_interval"]
    assert low < high
    assert judgement_beside().report["candidate"]["ap"] > judgement_beside().report["champion"]["ap"]
    assert high > 0


def test_the_labels_of_judged_rows_do_not_reach_the_fit() -> None:
    """Labels of earlier time folds reach the fits of later ones, so those of the last time fold are inverted."""
    labels = DATA.labels.copy()
    last = TRIAL.split.time_folds[-1].judge
    labels[last] = 1 - labels[last]
    other = judgement_of(replace(TRIAL, labels=labels))
    ours, theirs = (judgement.report["curves"]["candidate"]["reliability"] for judgement in (judgement_alone(), other))
    assert [bin_[0] for bin_ in ours] == [bin_[0] for bin_ in theirs]


def test_each_time_fold_is_judged_by_earlier_rows() -> None:
    """Later rows do not affect the first time fold; later fits know more."""
    first, *later = TRIAL.split.time_folds
    assert len(later) == 2
    of_first = judgement_of(replace(TRIAL, split=LaterSplit((first,))))
    by_one = [
        judgement_of(replace(TRIAL, split=LaterSplit((replace(fold, judge=TRIAL.split.judge),))))
        for fold in (first, later[1])
    ]
    bins = [judgement.report["curves"]["candidate"]["reliability"] for judgement in (judgement_alone(), *by_one)]
    assert bins[0] != bins[1], "not by the first alone"
    assert bins[0] != bins[2], "not by the last alone"
    assert of_first.report["rows"] == len(first.judge)
    fit = later[1].fit
    model = CounterfeitClassifier(seed=TRIAL.seed, threads=1).fit(
        ListingRows.of(FACTS)[fit], DATA.labels[fit], groups=DATA.groups[fit], represented=np.ones(len(fit))
    )
    last = judgement_of(replace(TRIAL, split=LaterSplit((later[1],))))
    expected = model.predict_proba(ListingRows.of(FACTS)[later[1].judge])[:, 1]
    assert last.report["candidate"]["ap"] == average_precision(DATA.labels[later[1].judge], expected)


def test_the_model_of_their_time_fold_scores_rewritten_listings() -> None:
    first, *later = TRIAL.split.time_folds
    split = LaterSplit((first, later[0]))
    turned = replace(TRIAL, split=LaterSplit((replace(first, judge=later[0].judge),)))
    parts = [
        judgement_of(replace(trial, split=trial.split)).gates[5].parts
        for trial in (replace(TRIAL, split=split), turned)
    ]
    assert parts[0] != parts[1]


def test_a_judged_candidate_has_every_gate() -> None:
    expected = ["enough_to_judge", "incumbents", "rank", "calibration", "slices", "obfuscation"]
    assert (
        [gate.name for gate in judgement_alone().gates] == [gate.name for gate in judgement_beside().gates] == expected
    )


def test_the_gates_count_the_counterfeits_of_the_judged_rows_and_their_sellers() -> None:
    rows = TRIAL.split.judge
    fakes = rows[DATA.labels[rows] == 1]
    sellers = len(np.unique(DATA.groups[fakes]))
    assert sellers not in {len(fakes), len(np.unique(DATA.groups[rows])) - sellers}
    assert (
        f"{len(fakes)} counterfeits of {sellers} sellers among 39 later listings" in judgement_alone().gates[0].sentence
    )


def test_the_random_slice_reports_its_effective_counterfeits() -> None:
    """Where no bound gives enough effective counterfeits, all weights are one."""
    judgement = judgement_of(policy=replace(DEFAULT_GATES, fewest_effective_positives=1_000.0))
    assert (judgement.gates[1].figure, judgement.gates[1].blocks) == (judgement_alone().report["positives"], True)


def test_slices_include_the_champion_if_there_is_one() -> None:
    assert all("champion_ap" in row for row in judgement_beside().report["slices"])
    assert not any("champion_ap" in row for row in judgement_alone().report["slices"])


def test_text_and_price_alone_are_better_than_chance() -> None:
    assert judgement_alone().report["only_text_and_price"]["roc_auc"] > 0.5


def incumbent_parts(judgement: Judgement) -> dict[str, Gate]:
    return {part.name: part for part in judgement.gates[1].parts}


def test_a_first_model_is_compared_with_the_scorecard_the_best_signal_and_itself_without_text() -> None:
    parts = incumbent_parts(judgement_alone())
    assert set(parts) == {"the starter scorecard", "the best single signal", "itself without its text"}
    rows = TRIAL.split.judge
    labels, stands_for = DATA.labels[rows], TRIAL.stands_for[rows]
    points = IncumbentScorer(None, 1).scores([compute(FACTS[i]) for i in rows])
    theirs = average_precision(labels, points, stands_for)
    ours = judgement_alone().report["candidate"]["random_slice"]["ap"]
    assert parts["the starter scorecard"].figure == pytest.approx(ours - theirs)
    assert judgement_alone().report["peers"]["figures"]["scorecard"]["ap"] == pytest.approx(theirs)


def test_beside_a_champion_it_is_compared_with_that_too() -> None:
    ours, theirs = (judgement_beside().report[name]["random_slice"]["ap"] for name in ("candidate", "champion"))
    assert incumbent_parts(judgement_beside())["the champion"].figure == pytest.approx(ours - theirs)
    assert len(incumbent_parts(judgement_beside())) == 4
    errors = [judgement_beside().report[name]["calibration_error"] for name in ("candidate", "champion")]
    assert f"Calibration error {errors[0]:.3f} over all listings" in judgement_beside().gates[3].sentence


def test_what_was_judged_last_is_what_is_shipped() -> None:
    last = TRIAL.split.time_folds[-1].fit
    fitted = CounterfeitClassifier(seed=0, threads=1).fit(
        ListingRows.of(FACTS)[last], DATA.labels[last], groups=DATA.groups[last], represented=np.ones(len(last))
    )
    judged = judgement_alone().model
    assert judged is not None
    assert np.array_equal(judged.out_of_fold_, fitted.out_of_fold_)


def test_the_champion_s_curve_is_its_own() -> None:
    rows = TRIAL.split.judge
    scores = IncumbentScorer(a_bundle(), 1).scores([compute(FACTS[i]) for i in rows])
    assert judgement_beside().report["curves"]["champion"] == curves(DATA.labels[rows], scores)


def test_slices_are_gated_on_the_same_rows() -> None:
    small = replace(DEFAULT_GATES, slice_rows=10)
    (gate,) = [gate for gate in judgement_of(champion=a_bundle(), policy=small).gates if gate.name == "slices"]
    names = [row["slice"] for row in judgement_beside().report["slices"]]
    assert [part.name for part in gate.parts] == names


def test_a_champion_that_learnt_some_of_the_judged_rows_has_no_figure() -> None:
    small = replace(DEFAULT_GATES, slice_rows=10)
    judgement = judgement_of(replace(TRIAL, split=replace(TRIAL.split, champion_learnt=37)), a_bundle(), small)
    assert judgement.report.keys() - judgement_alone().report.keys() == {"not_comparable"}
    assert judgement.report["champion_saw"]
    assert {name: judgement.report[name] for name in ("candidate", "curves", "slices")} == {
        name: judgement_alone().report[name] for name in ("candidate", "curves", "slices")
    }
    assert "difference_interval" not in judgement.report["random_slice"]
    by_name = {gate.name: gate for gate in judgement.gates}
    for name in ("incumbents", "slices"):
        gate = by_name[name]
        assert gate.blocks
        assert gate.state is State.FAILED or gate.sentence == judgement.report["not_comparable"]
    assert "the champion" not in incumbent_parts(judgement)
    assert "champion" not in by_name["calibration"].sentence
    assert by_name["obfuscation"] == {gate.name: gate for gate in judgement_alone().gates}["obfuscation"]


TOO_LITTLE: list[tuple[Labels, LaterSplit, str, str]] = [
    (np.zeros(160, dtype=np.int8), a_split(), "Before the cut: 0 counterfeit and 120 genuine", "nothing to fit on"),
    (
        np.where(np.arange(160) < 120, DATA.labels, 0).astype(np.int8),
        a_split(),
        "39 later listings of unseen sellers, 0 counterfeit: no two classes",
        "one class to judge by",
    ),
    (
        DATA.labels,
        LaterSplit((TimeFold(np.arange(160), np.array([], dtype=np.intp), a_split().cut),)),
        "0 later listings of unseen sellers, 0 counterfeit",
        "nobody later",
    ),
]


@pytest.mark.parametrize(("labels", "split", "why", "_why"), TOO_LITTLE)
def test_with_too_few_rows_a_candidate_is_not_judged(labels: Labels, split: LaterSplit, why: str, _why: str) -> None:
    judgement = judgement_of(replace(TRIAL, labels=labels, split=split))
    assert judgement.report.keys() == {"rows", "positives", "why"}
    assert why in judgement.report["why"]
    assert [gate.name for gate in judgement.gates] == ["enough_to_judge"]


def test_the_figures_of_some_rows_are() -> None:
    labels, probabilities = np.array([1, 0], dtype=np.int8), np.array([0.8, 0.4])
    assert figures(labels, probabilities) == {
        "ap": 1.0,
        "roc_auc": 1.0,
        "precision_at_20": 0.5,
        "recall": 1.0,
        "brier": pytest.approx((0.04 + 0.16) / 2),
        "calibration_error": pytest.approx((0.2 + 0.4) / 2),
    }


STANDS_FOR = np.where(np.arange(160) % 4 == 0, 30.0, 1.0)


@cache
def sliced_judgement() -> Judgement:
    return judgement_of(replace(TRIAL, stands_for=STANDS_FOR), a_bundle())


def test_the_number_of_represented_listings_only_changes_the_slice() -> None:
    weighed, plain = sliced_judgement().report["champion"], judgement_beside().report["champion"]
    assert {**weighed, "random_slice": None} == {**plain, "random_slice": None}
    assert weighed["random_slice"]["ap"] != plain["random_slice"]["ap"]
    assert weighed["random_slice"]["ap_interval"] != weighed["ap_interval"]
    assert (
        sliced_judgement().report["random_slice"]["difference_interval"]
        != sliced_judgement().report["difference_interval"]
    )
    ours, theirs = (sliced_judgement().report[name]["random_slice"]["ap"] for name in ("candidate", "champion"))
    assert incumbent_parts(sliced_judgement())["the champion"].figure == pytest.approx(ours - theirs)


def test_rows_that_stand_for_themselves_are_the_slice() -> None:
    figures = judgement_beside().report["candidate"]
    shared = figures["random_slice"].keys() & figures.keys()
    assert {name: figures["random_slice"][name] for name in shared} == {name: figures[name] for name in shared}
    assert (
        judgement_beside().report["random_slice"]["difference_interval"]
        == judgement_beside().report["difference_interval"]
    )


def test_the_slice_reports_its_effective_sample_size() -> None:
    rows = a_split().judge
    drawn = rows[rows % 4 == 0]
    counterfeit = DATA.labels[rows] * STANDS_FOR[rows]
    assert sliced_judgement().report["random_slice"].keys() == {
        "drawn", "drawn_positives", "listings", "prevalence", "most_weight", "difference_interval", "effective_n",
        "reliability",
    }  # fmt: skip
    assert sliced_judgement().report["random_slice"]["drawn"] == len(drawn) == 10
    assert sliced_judgement().report["random_slice"]["drawn_positives"] == DATA.labels[drawn].sum()
    assert sliced_judgement().report["random_slice"]["listings"] == 10 * 30 + 29
    assert sliced_judgement().report["random_slice"]["prevalence"] == pytest.approx(counterfeit.sum() / 329)
    assert sliced_judgement().report["candidate"]["random_slice"]["effective_n"] == pytest.approx(
        329**2 / (10 * 30**2 + 29)
    )


def test_the_comparison_uses_trimmed_weights_and_its_gate_reports_the_bound() -> None:
    counterfeits = [row for row in a_split().judge if DATA.labels[row] == 1]
    stands_for = np.ones(160)
    stands_for[counterfeits[0]] = 30.0
    stands_for[next(row for row in a_split().judge if DATA.labels[row] == 0)] = 1.5
    judgement = judgement_of(replace(TRIAL, stands_for=stands_for), a_bundle())
    assert judgement.report["random_slice"]["drawn"] == 2
    most = judgement.report["random_slice"]["most_weight"]
    assert 1 < most < 30
    assert (
        effective_number(stands_for[counterfeits]) < 5 <= effective_number(np.minimum(stands_for, most)[counterfeits])
    )
    ours, theirs = (judgement.report[name]["random_slice"]["ap"] for name in ("candidate", "champion"))
    assert incumbent_parts(judgement)["the champion"].figure != pytest.approx(ours - theirs)
    assert sliced_judgement().report["random_slice"]["most_weight"] == 30
    assert "counted more" not in sliced_judgement().gates[1].sentence


def test_in_a_slice_no_row_counts_more_than_ten_times() -> None:
    small = replace(DEFAULT_GATES, slice_rows=10)
    fold = a_split().time_folds[0]
    judged = replace(TRIAL, split=LaterSplit((replace(fold, judge=a_split().judge),)))
    stands_for = np.where(np.isin(np.arange(160), fold.fit), 1.0, STANDS_FOR)
    both = [
        judgement_of(replace(judged, stands_for=np.minimum(stands_for, most)), a_bundle(), small).gates[4]
        for most in (30.0, 10.0, 1.0)
    ]
    assert both[0].parts == both[1].parts
    assert both[1].parts != both[2].parts


def test_both_models_have_the_same_figures_of_the_slice() -> None:
    assert (
        sliced_judgement().report["champion"]["random_slice"].keys()
        == sliced_judgement().report["candidate"]["random_slice"].keys()
    )


def test_the_slice_finds_counterfeits_that_the_champion_missed() -> None:
    """Ten flagged listings in the champion's order, and a sampled counterfeit that represents 40 and that it missed."""
    labels = np.array([1] * 8 + [0] * 2 + [1], dtype=np.int8)
    stands_for = np.array([1.0] * 10 + [40.0])
    champion = np.array([0.9] * 8 + [0.5] * 2 + [0.1])
    assert figures(labels, champion)["recall"] == pytest.approx(8 / 9)
    assert slice_figures(labels, champion, stands_for)["recall"] == pytest.approx(8 / 48)


def test_a_curve_by_hand() -> None:
    """From the highest score: counterfeit, genuine, counterfeit, genuine."""
    labels, probabilities = np.array([0, 1, 0, 1], dtype=np.int8), np.array([0.1, 0.9, 0.6, 0.5])
    curve = curves(labels, probabilities, bins=2)
    assert curve["recall"] == [0.5, 0.5, 1.0, 1.0]
    assert curve["precision"] == pytest.approx([1.0, 0.5, 2 / 3, 0.5])
    assert curve["reliability"] == [[pytest.approx(0.3), 0.5, 2, 1], [0.75, 0.5, 2, 1]]


def test_reliability_over_all_listings_by_hand() -> None:
    """Of the lower two rows, the counterfeit represents three listings: (.1 + 3 * .2) / 4 and 3 / 4."""
    labels, probabilities = np.array([0, 1, 0, 1], dtype=np.int8), np.array([0.1, 0.2, 0.6, 0.8])
    lower, higher = reliability(labels, probabilities, np.array([1.0, 3.0, 1.0, 1.0]), bins=2)
    assert lower == pytest.approx([0.175, 0.75, 1.6, 1.2])
    assert higher == pytest.approx([0.7, 0.5, 2, 1])


def test_a_curve_of_many_rows_has_few_points() -> None:
    curve = curves(np.tile(DATA.labels, 10), np.linspace(0, 1, 1_600))
    assert len(curve["recall"]) == len(curve["precision"]) == 60
    assert len(curve["reliability"]) == 10
    assert curve["recall"][-1] == 1.0


def test_a_curve_without_counterfeits_has_no_recall() -> None:
    assert curves(np.zeros(3, dtype=np.int8), np.array([0.1, 0.2, 0.3]))["recall"] == [0.0, 0.0, 0.0]
