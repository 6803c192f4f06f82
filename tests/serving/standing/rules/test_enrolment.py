from datetime import timedelta
from decimal import Decimal

import pytest

from features.message import message
from serving.brands.policy import DEFAULT_ENROLMENT
from serving.standing.rules.enrolment import Begun, Phase, limited, stage
from serving.standing.rules.standing import Effect
from tests.fixtures.clocks import NOW

AT_ONCE = Effect(True, Decimal("0.05"), message("effect.full"))
WITHHELD = Effect(False, Decimal(0), message("effect.suspended"))


def begun(days_ago: float | None, outcomes: int, *, good: bool = True, full: bool = False) -> Begun:
    briefed_at = None if days_ago is None else NOW - timedelta(days=days_ago)
    return Begun(briefed_at, outcomes, good, NOW if full else None)


@pytest.mark.parametrize(
    ("found", "phase", "expected"),
    [
        (begun(None, 0), Phase.INVITED, "phase.invited"),
        (begun(0, 0), Phase.FIRST, "phase.outcomes"),
        (begun(13.9, 500), Phase.FIRST, "phase.until"),  # Many outcomes of one morning are no history.
        (begun(400, 19), Phase.FIRST, "phase.outcomes"),  # Time alone is not enough.
        (begun(14, 20, good=False), Phase.FIRST, "phase.standing_lost"),
        (begun(14, 20), Phase.FULL, "phase.passed"),
        (begun(None, 0, full=True), Phase.FULL, "phase.over"),  # The end of the phase is permanent.
    ],
)
def test_a_brand_is_in_phase(found: Begun, phase: Phase, expected: str) -> None:
    assert stage(found, NOW, DEFAULT_ENROLMENT).phase is phase
    assert expected in {one.code for one in stage(found, NOW, DEFAULT_ENROLMENT).reasons}


@pytest.mark.parametrize(
    ("follows", "found", "today", "at_once", "audit"),
    [
        (AT_ONCE, begun(0, 0, full=True), 99, True, "0.05"),  # In the full phase, standing alone decides.
        (AT_ONCE, begun(0, 0), 9, True, "0.10"),  # A larger share is audited.
        (AT_ONCE, begun(0, 0), 10, False, "0"),
        (WITHHELD, begun(0, 0), 0, False, "0"),  # A phase only restricts.
    ],
)
def test_the_first_phase_lets_a_confirmation(
    follows: Effect, found: Begun, today: int, at_once: bool, audit: str
) -> None:
    effect = limited(follows, stage(found, NOW, DEFAULT_ENROLMENT), at_once_today=today, policy=DEFAULT_ENROLMENT)
    assert (effect.at_once, effect.audit_share) == (at_once, Decimal(audit))


def test_the_limit_of_the_first_phase_is_the_reason() -> None:
    found = limited(AT_ONCE, stage(begun(0, 0), NOW, DEFAULT_ENROLMENT), at_once_today=10, policy=DEFAULT_ENROLMENT)
    assert found.reason == message("effect.first_phase.used", n=10)
