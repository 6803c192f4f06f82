import math

import pytest

from tests.fixtures.facts import some_facts, value


def test_no_ratings_at_all_are_the_prior_and_not_zero_stars() -> None:
    assert value("item_rating", some_facts(rating_counts=[0] * 5)) == pytest.approx(4.3)


def test_ratings_that_were_not_sent_are_missing() -> None:
    assert math.isnan(value("item_rating", some_facts()))
