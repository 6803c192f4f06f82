"""The rate at which the registered model answers a frame, beside the bound that we promise."""

from statistics import median
from typing import Final

import pytest

from tests.benchmarks.pyfunc import WITHOUT, rows_per_second

ROWS_A_SECOND: Final = 5_000


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_a_frame_is_answered_without_reasons_at_five_thousand_rows_a_second() -> None:
    assert median(rows_per_second(5)[WITHOUT]) >= ROWS_A_SECOND
