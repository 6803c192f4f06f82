from datetime import timedelta

import pytest

from models.errors import Conflict, TooLate
from serving.appeals.policy import DEFAULT_APPEALS
from serving.appeals.rules.appeals import AppealRecord
from serving.notices.rules.notifier_complaints import admit_complaint
from tests.fixtures.clocks import NOW


def admitted(*, days: float = 1, is_first: bool = True, upheld: int = 0, dismissed: int = 0) -> bool:
    """Whether a complaint at that time after the decision waits behind others."""
    record, at = AppealRecord(upheld, dismissed), NOW + timedelta(days=days)
    return admit_complaint(
        informed_at=NOW, at=at, is_first=is_first, record=record, policy=DEFAULT_APPEALS
    ).behind_others


@pytest.mark.parametrize(
    ("upheld", "dismissed", "behind"),
    [
        pytest.param(0, 0, False, id="a first one"),
        pytest.param(0, 9, False, id="nine dismissed are too few"),
        pytest.param(0, 10, True, id="ten, and none upheld"),
        pytest.param(1, 10, True, id="ten of eleven are nine in ten"),
        pytest.param(2, 10, False, id="ten of twelve are not"),
    ],
)
def test_a_record_changes_the_order_and_never_whether_it_is_heard(upheld: int, dismissed: int, behind: bool) -> None:
    assert admitted(upheld=upheld, dismissed=dismissed) is behind


def test_there_is_one_complaint_about_a_decision() -> None:
    with pytest.raises(Conflict, match="There has been a complaint"):
        admitted(is_first=False)


def test_it_is_open_for_six_months_as_a_sellers_appeal_is() -> None:
    assert not admitted(days=183)
    with pytest.raises(TooLate, match="open for 6 months"):
        admitted(days=186)
