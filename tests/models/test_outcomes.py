from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from models.outcomes import Ruling, outcomes
from models.verdict import Judgement, Side
from tests.fixtures.clocks import NOW

C, G, GREY = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.GREY_MARKET
UNSURE, TEST_BUY = Judgement.CANNOT_TELL, Judgement.NEEDS_TEST_BUY


@dataclass(frozen=True)
class Said:
    """A verdict so many hours ago; `back` hours ago it was taken back."""

    judgement: Judgement
    ago: float
    by: Side = Side.ANALYST
    back: float | None = None
    version: str = "v1"
    appeal: bool = False


def ruling(text: Said, listing: str = "l") -> Ruling:
    back = None if text.back is None else hours_ago(text.back)
    return Ruling(listing, text.version, text.judgement, text.by, text.appeal, hours_ago(text.ago), back)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


BRAND = Side.BRAND
STANDING: list[tuple[list[Said], bool | None, float | None, str]] = [
    ([], None, None, "nothing was said"),
    ([Said(C, 5)], True, 5, "an analyst said counterfeit"),
    ([Said(GREY, 5)], False, 5, "grey market is genuine goods"),
    ([Said(UNSURE, 5)], None, None, "who cannot tell has not answered"),
    ([Said(TEST_BUY, 5)], None, None, "nor who asks for a test buy"),
    ([Said(C, 0)], None, None, "said at the moment itself, it was not known before"),
    ([Said(C, -1)], None, None, "said later"),
    ([Said(C, 5, back=3)], None, None, "taken back before"),
    ([Said(C, 5, back=0)], True, 5, "taken back at the moment, it stood until then"),
    ([Said(C, 5, back=-1)], True, 5, "taken back later, it stood then"),
    ([Said(G, 9), Said(C, 5)], True, 5, "the later of two analysts"),
    ([Said(C, 9), Said(G, 5, by=BRAND)], False, 5, "the brand knows better"),
    ([Said(G, 9, by=BRAND), Said(C, 5)], False, 9, "also where the analyst came later"),
    ([Said(C, 9), Said(G, 5, by=BRAND, back=4)], True, 9, "the brand took it back, so the analyst's word stands"),
    ([Said(G, 9, by=BRAND), Said(C, 5, version="v2")], True, 5, "the version judged last speaks for the listing"),
    ([Said(C, 9, by=BRAND), Said(G, 5, appeal=True)], False, 5, "an upheld appeal clears"),
    ([Said(C, 9, by=BRAND), Said(UNSURE, 5, appeal=True)], False, 5, "the doubt is the seller's"),
    ([Said(C, 9, by=BRAND), Said(C, 5, appeal=True)], True, 9, "a dismissed appeal changes nothing"),
    ([Said(C, 9, by=BRAND), Said(G, 5, appeal=True, back=4)], True, 9, "the appeal's decision was taken back"),
    ([Said(C, 9), Said(G, 5, appeal=True, version="v2")], False, 5, "an appeal clears the listing, not one version"),
    ([Said(C, 9), Said(G, 5, appeal=True), Said(C, 2, version="v2")], True, 2, "a verdict after it stands on its own"),
    ([Said(C, 9), Said(G, 5, appeal=True), Said(UNSURE, 2, version="v2")], False, 5, "which no doubt is"),
]


@pytest.mark.parametrize(("message", "counterfeit", "since", "_why"), STANDING, ids=[row[-1] for row in STANDING])
def test_what_stands_of_a_listing(
    message: list[Said], counterfeit: bool | None, since: float | None, _why: str
) -> None:
    found = outcomes([ruling(one) for one in message], as_of=NOW)
    expected = [] if counterfeit is None or since is None else [(counterfeit, hours_ago(since))]
    assert [(one.counterfeit, one.since) for one in found] == expected


def test_each_listing_has_its_own_outcome_in_a_fixed_order() -> None:
    lines = [ruling(Said(C, 3), "b"), ruling(Said(G, 2), "a"), ruling(Said(G, 4), "b")]
    assert [(one.listing_id, one.counterfeit) for one in outcomes(lines, as_of=NOW)] == [("a", False), ("b", True)]
