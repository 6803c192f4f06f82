import pytest

from serving.standing.policy import DEFAULT_STANDING
from serving.standing.rules.confirmations import Given
from serving.standing.rules.standing import Held, Level
from serving.standing.rules.standing_outlook import outlook
from tests.fixtures.clocks import NOW
from tests.serving.standing.rules.test_standing import DESIGN, lived, stands

SENTENCES: list[tuple[list[Given], tuple[str, ...], str]] = [
    (
        [],
        ("16 more accepted would make it full standing.", "3 more overturned would end good standing."),
        "a new brand",
    ),
    (
        lived(20),
        ("15 more accepted would make it self-service standing.", "4 more overturned would end good standing."),
        "20 of 20",
    ),
    (lived(95), ("6 more overturned would end good standing.",), "95 of 95: with six it has more than a hundred"),
    (
        [*lived(60), *lived(8, 0, 1, code=DESIGN)],
        (
            "11 more accepted in reason code design would make it self-service standing.",
            "2 more overturned in reason code design would end good standing.",
        ),
        "one reason code holds it back",
    ),
]


@pytest.mark.parametrize(("answers", "sentences", "_why"), SENTENCES, ids=[row[-1] for row in SENTENCES])
def test_what_would_change_a_standing_is_told(answers: list[Given], sentences: tuple[str, ...], _why: str) -> None:
    assert outlook(stands(answers), DEFAULT_STANDING) == sentences


def test_of_what_is_lost_the_reasons_say_when_it_can_come_back() -> None:
    found = stands([], Held(Level.SUSPENDED, NOW))
    assert outlook(found, DEFAULT_STANDING) == ()
    assert found.reasons[-1] == "It can come back from 31 May 2026 on, if the shares hold then."
