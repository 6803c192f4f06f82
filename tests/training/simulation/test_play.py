"""The run of a year with trainings at chosen months only."""

from tests.training.simulation.test_year import EXPLORATION, MARKET, SHARE
from training.simulation.figures import run_until
from training.simulation.market import MONTH
from training.simulation.year import Year


def test_a_year_proceeds_to_the_end_of_a_month_and_trains_only_where_asked() -> None:
    year = run_until(Year(MARKET, EXPLORATION, MARKET.start, SHARE), until=1)
    assert (year.now, year.trainings) == (MARKET.start + MONTH, [])
    year = run_until(year, until=3, trainings=(2,))
    assert [training.month for training in year.trainings] == [2]
    assert year.now == MARKET.start + 3 * MONTH


def test_a_year_proceeds_at_most_to_its_end() -> None:
    assert run_until(Year(MARKET, EXPLORATION, MARKET.start, SHARE), until=99).now == MARKET.end
