import json
from datetime import timedelta

import pytest

from models.case import CaseLane
from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.operations.service.simulation import PLAY_FILE
from tests.fixtures.runtimes import Site, a_case
from tests.serving.web.visits import visit_as, words

A_DAY = timedelta(days=1)


def begin_simulation(site: Site, *, begins: timedelta, over: bool = False) -> None:
    """Let a simulation of 180 days begin so much later than now."""
    first_day = (site.clock.now() + begins).isoformat()
    play = {"first_day": first_day, "days": 180, "brand": "Aurelle", "result": {"received": 1} if over else None}
    (site.runtime.home.root / PLAY_FILE).write_text(json.dumps(play))


@pytest.mark.parametrize(
    ("begins", "over", "sentence"),
    [
        (-63 * A_DAY, False, "Simulated marketplace, day 64 of 180 (2 Mar). The simulation pauses at each click"),
        (A_DAY, False, "Simulated marketplace, before the first day. The simulation pauses at each click"),
        (-200 * A_DAY, True, "Simulated marketplace, 2 Mar. Aurelle has been in good standing"),
    ],
)
def test_a_page_says_what_day_a_simulation_has(site: Site, begins: timedelta, over: bool, sentence: str) -> None:
    begin_simulation(site, begins=begins, over=over)
    page = words(visit_as(site, site.analyst).get("/sellers").text)
    assert sentence in page
    assert "Aurelle has been in good standing since before the first day." in page
    assert "Look first at Review queue." in page


def test_without_a_simulation_no_page_speaks_of_one(site: Site) -> None:
    assert "Simulated" not in visit_as(site, site.analyst).get("/sellers").text


def test_the_clock_tells_of_clicks_and_of_the_cases_that_a_person_opened(site: Site) -> None:
    case, question = a_case(site), a_case(site, CaseLane.ASK_BRAND, external_id="asked")
    text = provisioning.add_key(site.runtime, name="demo", scopes=[Scope.CLOCK], marketplace=None, by="test")
    analyst, headers = visit_as(site, site.analyst), {"authorization": f"Bearer {text}"}
    assert analyst.client.get("/api/v1/clock", headers=headers).json() == {
        "now": site.clock.now().isoformat(), "unfinished": 0, "seconds_since_click": None, "opened_cases": [],
    }  # fmt: skip
    analyst.get(f"/cases/{case.case_id}")
    visit_as(site, site.brand_person).get("/brand")
    after = analyst.client.get("/api/v1/clock", headers=headers).json()
    assert after["seconds_since_click"] >= 0
    assert after["opened_cases"] == sorted([case.case_id, question.case_id])
