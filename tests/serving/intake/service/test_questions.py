import pytest

from models.routing import Lane
from serving.administration.service import provisioning
from serving.administration.service.provisioning import NewEnrolment
from serving.intake.service.intake import RowAnswer, receive
from serving.intake.service.precheck import precheck
from serving.listings.store import scores
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.marketplaces.store.kill_switches import KillSwitchOff
from tests.fixtures.facts import a_listing
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import Site, a_row
from tests.serving.web.reports import admit_model


def limited(site: Site, daily_questions: int | None) -> Site:
    """A model that would ask Aurelle about everything, and Aurelle's daily number of questions."""
    promote(site, admit_model(site, ask_brand_from=0.001))
    enrolment = NewEnrolment("Aurelle", site.account_manager.email, True, daily_questions=daily_questions)
    provisioning.enrol(site.runtime, enrolment, by="test")
    return site


def send(site: Site, *prices: str, named: str = "MP") -> list[RowAnswer]:
    rows = [a_row(external_id=f"{named}-{i}", price=price) for i, price in enumerate(prices)]
    return receive(site.runtime, site.marketplace, rows, source="test")


def test_a_brand_is_asked_no_more_than_it_answers_in_a_day(any_site: Site) -> None:
    site = limited(any_site, 2)
    assert [answer.lane for answer in send(site, "400.00")] == [Lane.ASK_BRAND]
    assert [answer.lane for answer in send(site, "400.00", "400.00", named="more")].count(Lane.ASK_BRAND) == 1
    assert [answer.lane for answer in send(site, "400.00", named="late")] == [Lane.ANALYST]


def test_the_next_day_it_can_be_asked_again(site: Site) -> None:
    site = limited(site, 1)
    send(site, "400.00")
    site.clock.forward(hours=14)  # From nine in the morning to eleven at night.
    assert send(site, "400.00", named="night")[0].lane is Lane.ANALYST
    site.clock.forward(hours=1)
    assert send(site, "400.00", named="midnight")[0].lane is Lane.ASK_BRAND


def test_of_one_batch_the_most_harmful_are_asked(site: Site) -> None:
    site = limited(site, 1)
    assert [answer.lane for answer in send(site, "10.00", "9000.00", "20.00")] == [
        Lane.ANALYST,
        Lane.ASK_BRAND,
        Lane.ANALYST,
    ]


def test_what_asks_nobody_uses_up_no_question(site: Site) -> None:
    """The most expensive listing belongs to an authorised seller, so the brand is not asked about it."""
    rows = [
        a_row(external_id="MP-1", price="9000.00", seller={"external_id": "maison-brandt"}),
        a_row(external_id="MP-2", price="20.00"),
    ]
    answers = receive(site.runtime, limited(site, 1).marketplace, rows, source="test")
    assert [answer.lane for answer in answers][1] is Lane.ASK_BRAND
    assert answers[0].lane not in {Lane.ASK_BRAND, Lane.ANALYST}


def test_a_brand_that_takes_no_part_is_not_asked(site: Site) -> None:
    promote(site, admit_model(site, ask_brand_from=0.001))
    row = a_row(title="Solenne tote in grained leather, grey", brand="Solenne")
    (answer,) = receive(site.runtime, site.marketplace, [row], source="test")
    assert answer.lane is Lane.ANALYST


@pytest.mark.parametrize(("limit", "asked"), [(None, 3), (0, 0), (3, 3)], ids=["no limit", "none", "as many as come"])
def test_a_limit_may_be_absent_or_nothing(site: Site, limit: int | None, asked: int) -> None:
    answers = send(limited(site, limit), "10.00", "20.00", "30.00")
    assert [answer.lane for answer in answers].count(Lane.ASK_BRAND) == asked


def test_whoever_is_passed_over_reads_why(site: Site) -> None:
    send(limited(site, 0), "400.00")
    assert site.read(scores.routes, site.here) == {"analyst": 1}
    found = precheck(site.runtime, site.marketplace, a_listing(title="Aurelle Colline tote", brand="Aurelle"))
    assert found.route.reasons[0].code == "route.high.used_up"


def test_a_precheck_asks_no_brand_while_questions_are_switched_off(any_site: Site) -> None:
    site, row = limited(any_site, None), a_listing(title="Aurelle Colline tote", brand="Aurelle")
    before = precheck(site.runtime, site.marketplace, row)
    with site.runtime.store.write() as connection:
        off = KillSwitchOff(site.here, AutomaticRule.MODEL_QUESTIONS, site.clock.now(), "test", "x")
        kill_switches.switch_off(connection, off)
    after = precheck(site.runtime, site.marketplace, row)
    assert (before.route.lane, after.route.lane) == (Lane.ASK_BRAND, Lane.ANALYST)
    assert after.route.reasons[0].code == "route.high.held"
