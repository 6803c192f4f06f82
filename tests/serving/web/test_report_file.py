import re
from typing import Any

import pytest

from serving.learning.store.learning import Model
from serving.web.model.report_file import report_html
from tests.fixtures.clocks import NOW
from tests.serving.web.reports import a_report
from tests.serving.web.visits import words


def a_card(**report: Any) -> str:
    model = Model("b" * 64, "f" * 64, "job_1", a_report(**report), "9d7945878f5a", "2", NOW)
    return report_html(model, marketplace="Bazaar", now=NOW)


def test_a_card_says_what_the_model_is_for_and_how_it_was_judged() -> None:
    text = words(a_card(champion="c" * 64))
    assert "Counterfeit classifier bbbbbbbbbb 4 of 4 gates pass Bazaar, 2 Mar" in text
    assert "Out of scope: removing a listing. A removal needs a person's verdict, and the seller can appeal." in text
    assert "Counterfeit 190 32%" in text
    assert f"Bundle {'b' * 64}" in text
    assert "fitted on rows known before 2026-02-01T00:00 UTC" in text
    assert "weighted sum of log-odds, text weight 0.60" in text
    assert "Average precision 0.842 0.871 0.848 to 0.893" in text
    assert "Brand Aurelle 60 20 0.861 0.884" in text
    assert "Ask brand 0.60 180 0.81 0.76" in text
    assert "Precision 0.7: promised from 0.640 in 95% of equally large sets of unseen sellers" in text
    assert "Precision 0.9: declined. 160 sellers are too few to promise a precision of 0.90" in text


@pytest.mark.parametrize(
    ("join", "sentence"),
    [
        ("offset", "the forest adds to the text's log-odds, 0.60 for each spread of the text"),
        ("stack", "the text model's log-odds are a column of the learner"),
    ],
)
def test_a_card_says_how_numbers_and_text_are_combined(join: str, sentence: str) -> None:
    model = Model("b" * 64, "f" * 64, "job_1", {**a_report(), "join": join}, "9d7945878f5a", "2", NOW)
    assert sentence in words(report_html(model, marketplace="Bazaar", now=NOW))


def test_a_card_needs_nothing_beside_it() -> None:
    page = a_card()
    assert not re.search(r'(src|href)="(?!#)|url\((?!#)|@import|<script|<link', page)
    assert "--canvas" in page


@pytest.mark.parametrize(
    ("judged", "figure"), [(True, "95 % interval by seller"), (False, "Too little data to evaluate.")]
)
def test_a_card_without_a_champion_or_a_judgement_says_so(judged: bool, figure: str) -> None:
    text = words(a_card(judged=judged))
    assert figure in text
    assert "Champion" not in text


def test_failed_gates_are_counted_where_one_looks_first() -> None:
    assert "3 of 4 gates pass" in words(a_card(failing=True))


def test_the_file_names_the_reason_for_a_missing_comparison() -> None:
    report = a_report(champion="c" * 64)
    report["judged"]["champion_saw"] = True
    page = report_html(Model("b" * 64, "f" * 64, "job_1", report, None, None, NOW), marketplace="Bazaar", now=NOW)
    assert "Not comparable: the champion learnt some of these rows." in page
    assert "0.842" not in page
