"""Sellers of high impact by what the marketplace sends: sales and turnover of twelve months, by the rates on file."""

from typing import Any

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.administration.service.exchange_rates import load_rates
from tests.fixtures.bursts import states
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site

RATES = [
    {"day": "2026-02-01", "currency": "USD", "euros": 0.5, "source": "test"},
    {"day": "2026-03-01", "currency": "USD", "euros": 0.8, "source": "test"},
    {"day": "2026-03-01", "currency": "JPY", "euros": 0.005, "source": "test"},
    {"day": "2026-04-01", "currency": "USD", "euros": 8.0, "source": "test, of a later day"},
]


@pytest.mark.parametrize(
    ("currency", "block", "state", "why"),
    [
        ("EUR", {"sales_12m": 200, "gmv_12m": "4000"}, "held", "4,000 EUR are 5,000 USD by the latest rate"),
        ("EUR", {"sales_12m": 200, "gmv_12m": "3999"}, "scheduled", "a little less"),
        ("EUR", {"sales_12m": 199, "gmv_12m": "90000"}, "scheduled", "too few sales"),
        ("USD", {"sales_12m": 200, "gmv_12m": "5000"}, "held", "dollars as they are"),
        ("JPY", {"sales_12m": 200, "gmv_12m": "800000"}, "held", "800,000 JPY are 4,000 EUR"),
        ("JPY", {"sales_12m": 200, "gmv_12m": "799000"}, "scheduled", "a little less"),
        ("GBP", {"sales_12m": 900, "gmv_12m": "90000"}, "scheduled", "without a rate the turnover is unknown"),
        ("GBP", {"sales_12m": 900, "gmv_12m": "90000", "accepted": {"d90": 200}}, "held", "and 90 days decide"),
        ("EUR", {"sales_12m": 900}, "scheduled", "a turnover that was not sent is unknown, not zero and not high"),
        ("EUR", {"accepted": {"d90": 200}}, "held", "without figures of twelve months, 90 days decide"),
        ("EUR", {"sales_12m": 0, "gmv_12m": "0"}, "scheduled", "zero is a figure"),
    ],
)
def test_a_removal_of_a_seller(site: Site, currency: str, block: dict[str, Any], state: str, why: str) -> None:
    load_rates(site.runtime, RATES, by="test")
    seller = {"external_id": "a-shop", "age_days": 900, "country": "FR", **block}
    case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1", currency=currency, seller=seller)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    assert states(site) == {state: 1}, why
