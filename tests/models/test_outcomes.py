from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from models.outcomes import Ruling, outcomes
from models.verdict import Judgement, Side
from tests.fixtures.clocks import NOW

C, G, GREY = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.GREY_MARKET
UNSURE, TEST_BUY = Judgement.CANNOT_TELL, Judgement.NEEDS_TEST_BUY


@dataclass(frozen=True)
class Given:
    """A verdict so many hours ago, withdrawn `withdrawn` hours ago."""

    judgement: Judgement
    ago: float
    by: Side = Side.ANALYST
    withdrawn: float | None = None
    version: str = "v1"
    appeal: bool = False


def ruling(one: Given, listing: str = "l") -> Ruling:
    at = None if one.withdrawn is None else hours_ago(one.withdrawn)
    return Ruling(listing, one.version, one.judgement, one.by, one.appeal, hours_ago(one.ago), at)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


BRAND = Side.BRAND
STANDING: list[tuple[list[Given], bool | None, float | None, str]] = [
    ([], None, None, "no verdict"),
    ([Given(C, 5)], True, 5, "an analyst said counterfeit"),
    ([Given(GREY, 5)], False, 5, "grey market is genuine goods"),
    ([Given(UNSURE, 5)], None, None, "'cannot tell' is no answer"),
    ([Given(TEST_BUY, 5)], None, None, "nor is a request for a test buy"),
    ([Given(C, 0)], None, None, "given at the moment itself, it was not known before"),
    ([Given(C, -1)], None, None, "given later"),
    ([Given(C, 5, withdrawn=3)], None, None, "withdrawn before"),
    ([Given(C, 5, withdrawn=0)], True, 5, "withdrawn at the moment, it stood until then"),
    ([Given(C, 5, withdrawn=-1)], True, 5, "withdrawn later, it stood then"),
    ([Given(G, 9), Given(C, 5)], True, 5, "the later of two analysts"),
    ([Given(C, 9), Given(G, 5, by=BRAND)], False, 5, "the brand knows better"),
    ([Given(G, 9, by=BRAND), Given(C, 5)], False, 9, "also where the analyst came later"),
    ([Given(C, 9), Given(G, 5, by=BRAND, withdrawn=4)], True, 9, "the brand withdrew it, so the analyst's stands"),
    ([Given(G, 9, by=BRAND), Given(C, 5, version="v2")], True, 5, "the version judged last decides"),
    ([Given(C, 9, by=BRAND), Given(G, 5, appeal=True)], False, 5, "an upheld appeal clears"),
    ([Given(C, 9, by=BRAND), Given(UNSURE, 5, appeal=True)], False, 5, "the doubt is the seller's"),
    ([Given(C, 9, by=BRAND), Given(C, 5, appeal=True)], True, 9, "a dismissed appeal changes nothing"),
    ([Given(C, 9, by=BRAND), Given(G, 5, appeal=True, withdrawn=4)], True, 9, "the appeal's decision was withdrawn"),
    ([Given(C, 9), Given(G, 5, appeal=True, version="v2")], False, 5, "an appeal clears the listing, not one version"),
    ([Given(C, 9), Given(G, 5, appeal=True), Given(C, 2, version="v2")], True, 2, "a later verdict stands on its own"),
    ([Given(C, 9), Given(G, 5, appeal=True), Given(UNSURE, 2, version="v2")], False, 5, "a later doubt is none"),
]


@pytest.mark.parametrize(("verdicts", "counterfeit", "since", "_why"), STANDING)
def test_what_stands_of_a_listing(
    verdicts: list[Given], counterfeit: bool | None, since: float | None, _why: str
) -> None:
    found = outcomes([ruling(one) for one in verdicts], as_of=NOW)
    expected = [] if counterfeit is None or since is None else [(counterfeit, hours_ago(since))]
    assert [(one.counterfeit, one.since) for one in found] == expected


def test_each_listing_has_its_own_outcome_in_a_fixed_order() -> None:
    rulings = [ruling(Given(C, 3), "b"), ruling(Given(G, 2), "a"), ruling(Given(G, 4), "b")]
    assert [(one.listing_id, one.counterfeit) for one in outcomes(rulings, as_of=NOW)] == [("a", False), ("b", True)]
