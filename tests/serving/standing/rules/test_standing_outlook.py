from datetime import date

import pytest

from features.message import Message, message
from models.verdict import named
from serving.standing.policy import DEFAULT_STANDING
from serving.standing.rules.confirmations import Given
from serving.standing.rules.standing import KeptLevel, Level
from serving.standing.rules.standing_outlook import outlook
from tests.fixtures.clocks import NOW
from tests.serving.standing.rules.test_standing import DESIGN, lived, stands

OUTLOOKS: list[tuple[list[Given], tuple[Message, ...], str]] = [
    ([], (message("outlook.full", n=16), message("outlook.lost", n=3)), "a new brand"),
    (lived(20), (message("outlook.self_service", n=15), message("outlook.lost", n=4)), "20 of 20"),
    (lived(95), (message("outlook.lost", n=6),), "95 of 95: with six it has more than a hundred"),
    (
        [*lived(60), *lived(8, 0, 1, code=DESIGN)],
        (
            message("outlook.self_service.code", n=11, code=named(DESIGN)),
            message("outlook.lost.code", n=2, code=named(DESIGN)),
        ),
        "one reason code holds it back",
    ),
]


@pytest.mark.parametrize(("answers", "told", "_why"), OUTLOOKS)
def test_the_outlook_of_a_standing(answers: list[Given], told: tuple[Message, ...], _why: str) -> None:
    assert outlook(stands(answers), DEFAULT_STANDING) == told


def test_lost_standing_has_no_outlook_but_a_date_of_return() -> None:
    found = stands([], KeptLevel(Level.SUSPENDED, NOW))
    assert outlook(found, DEFAULT_STANDING) == ()
    assert found.reasons[-1] == message("standing.returns", date=date(2026, 5, 31))
