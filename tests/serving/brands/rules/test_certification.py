from datetime import timedelta

import pytest

from models.errors import Invalid
from serving.brands.policy import DEFAULT_ENROLMENT
from serving.brands.rules.certification import CertificationMethod, CertificationPass, evaluate, gate_for, questions
from tests.fixtures.clocks import NOW

RIGHT = {question.key: question.right for question in questions()}


def test_the_questions_are_about_what_a_confirmation_turns_on() -> None:
    text = " ".join(f"{question.text} {' '.join(question.options)} {question.because}" for question in questions())
    assert 6 <= len(questions()) <= 8
    for subject in ("grey market", "evidence", "good faith", "test buy", "removes the listing", "good standing"):
        assert subject in text


def test_every_question_has_one_right_answer_and_it_is_not_always_in_the_same_place() -> None:
    assert all(0 <= question.right < len(question.options) for question in questions())
    assert len({question.right for question in questions()}) == 3
    assert len({question.key for question in questions()}) == len(questions())


def test_all_right_answers_pass_and_one_wrong_does_not() -> None:
    assert evaluate(RIGHT).passed
    for question in questions():
        attempt = evaluate({**RIGHT, question.key: (question.right + 1) % len(question.options)})
        assert (attempt.passed, attempt.wrong, attempt.right) == (False, (question.key,), len(questions()) - 1)


@pytest.mark.parametrize("answers", [{}, {**RIGHT, "price": 9}, {**RIGHT, "price": -1}])
def test_what_is_left_out_or_no_option_is_no_answer(answers: dict[str, int]) -> None:
    with pytest.raises(Invalid, match="Choose an answer"):
        evaluate(answers)


@pytest.mark.parametrize(
    ("days_ago", "is_open", "warned", "expected"),
    [
        (None, False, False, "certification.needed"),
        (0, True, False, "certification.valid"),
        (334, True, False, "certification.valid"),
        (335, True, True, "certification.valid"),  # A month before the end.
        (364, True, True, "certification.valid"),
        (365, False, False, "certification.expired"),
    ],
)
def test_a_certification_is_valid_for_a_year(days_ago: int | None, is_open: bool, warned: bool, expected: str) -> None:
    passed = (
        None if days_ago is None else CertificationPass(NOW - timedelta(days=days_ago), CertificationMethod.ANSWERED)
    )
    gate_state = gate_for(passed, NOW, DEFAULT_ENROLMENT)
    assert (gate_state.open, gate_state.warned) == (is_open, warned)
    assert gate_state.reason.code == expected
