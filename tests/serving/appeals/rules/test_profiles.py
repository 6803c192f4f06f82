import pytest

from serving.appeals.policy import ALIBABA_LIKE, CHINA_ARTICLE_43, DMCA_LIKE, CounterNoticePolicy
from serving.appeals.rules.counter_notice import profile_of_countries

ROWS: list[tuple[tuple[str, ...] | None, frozenset[str] | None, CounterNoticePolicy, str]] = [
    (None, None, ALIBABA_LIKE, "nobody has said where it is sold, and unknown is not everywhere"),
    (None, frozenset({"US"}), DMCA_LIKE, "the marketplace sells in one country, whose law sets the procedure"),
    (None, frozenset({"CN"}), CHINA_ARTICLE_43, "so does China's"),
    (None, frozenset({"DE", "FR"}), ALIBABA_LIKE, "their law sets none beside the complaint, which is open anyway"),
    (None, frozenset({"US", "CA"}), ALIBABA_LIKE, "the law of one of two countries does not bind the other"),
    (None, frozenset({"US", "CN"}), ALIBABA_LIKE, "two laws that differ"),
    (("US",), frozenset({"DE", "US"}), DMCA_LIKE, "this listing is sold in one of the marketplace's countries"),
    (("DE",), frozenset({"US"}), ALIBABA_LIKE, "and this one in another than most"),
    ((), frozenset({"CN"}), CHINA_ARTICLE_43, "an empty list says nothing of the listing"),
]


@pytest.mark.parametrize(("listing", "marketplace", "expected", "_why"), ROWS)
def test_the_countries_of_sale_choose_the_profile(
    listing: tuple[str, ...] | None, marketplace: frozenset[str] | None, expected: CounterNoticePolicy, _why: str
) -> None:
    assert profile_of_countries(listing, marketplace, ALIBABA_LIKE) is expected
