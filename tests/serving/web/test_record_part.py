import csv
import re
from dataclasses import replace
from io import BytesIO, StringIO

import pyarrow.parquet as pq
import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.cases.service.undoing import undo_verdict
from serving.listings.service.intake import receive_rows
from serving.sellers.policy import SellerRiskPolicy
from serving.sellers.service.seller_risk import refresh_ranking
from serving.web.case.seller_card import risk_part
from tests.fixtures.reporting import a_marketplace_that_listens, dismiss_appeal, reinstate_on_appeal, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, a_row, a_second_review, a_suspect_row, judge, open_cases
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.test_brand_page import a_person_of
from tests.serving.web.visits import an_appeal, visit_as, words


def some_answers(site: Site) -> None:
    """Four removals, one of them reinstated and one contested in vain; a genuine; an undone counterfeit."""
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal_by_brand(site, "MP-1", title="=HYPERLINK(1) Aure11e 1:1 mirror quality"))
        dismiss_appeal(site, removal_by_brand(site, "MP-2"))
        removal_by_brand(site, "MP-3")
        removal_by_brand(site, "MP-4")
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id="MP-5"), Judgement.GENUINE)
    case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-6")
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    undo_verdict(site.runtime, site.brand_person, case.case_id)


def test_a_brand_reads_what_became_of_its_answers_and_takes_them_along(any_site: Site) -> None:
    some_answers(any_site)
    visitor = visit_as(any_site, any_site.brand_person)
    assert (
        "Outcomes of your answers, last 90 days Accepted 3 of 4 decided confirmations Rejected 1 of 4 decided "
        "confirmations" in words(visitor.get("/brand").text)
    )
    answer = visitor.get("/brand/record.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="answers-2026-03-02.csv"'
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["listing"], row["outcome"]) for row in rows] == [
        ("MP-1", "rejected"),
        ("MP-2", "accepted"),
        ("MP-3", "accepted"),
        ("MP-4", "accepted"),
        ("MP-5", "no_removal_asked"),
        ("MP-6", "undone"),
    ]
    assert rows[0]["title"].startswith("'=HYPERLINK(1)")
    assert rows[0]["reason"] == "The seller appealed and was right. The listing is reinstated."
    assert (rows[0]["price"], rows[0]["hours_to_removal"], rows[0]["counter_notice"]) == ("89.00", "0.05", "upheld")
    table = pq.read_table(BytesIO(visitor.get("/brand/record.parquet").content)).to_pylist()
    assert [row["outcome"] for row in table] == [row["outcome"] for row in rows]
    assert table[0]["title"].startswith("=HYPERLINK(1)")


def test_a_brand_takes_along_nothing_of_another(site: Site) -> None:
    some_answers(site)
    visitor = visit_as(site, a_person_of(site, "Veloria"))
    assert "No removals in the last 90 days. Confirm a question to request one." in words(visitor.get("/brand").text)
    assert len(visitor.get("/brand/record.csv").text.splitlines()) == 1
    assert pq.read_table(BytesIO(visitor.get("/brand/record.parquet").content)).num_rows == 0


def test_who_is_no_brand_and_what_is_no_format_get_nothing(site: Site) -> None:
    assert visit_as(site, site.analyst).get("/brand/record.csv").status_code in {403, 404}
    assert visit_as(site, site.brand_person).get("/brand/record.xlsx").status_code in {404, 422}


def test_the_outcomes_are_of_the_days_that_they_name(site: Site) -> None:
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
    site.clock.forward(days=89)
    visitor = visit_as(site, site.brand_person)
    assert "Outcomes of your answers, last 90 days Accepted 1" in words(visitor.get("/brand").text)
    site.clock.forward(days=2)
    text = words(visitor.get("/brand").text)
    assert "Accepted 1" not in text
    assert "No removals in the last 90 days. Confirm a question to request one." in text


def test_every_median_of_the_page_names_its_period(site: Site) -> None:
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
        text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "in the last 90 days (median time to answer" in text
    outcomes = text[text.index("Outcomes of your answers, last 90 days") :]
    assert "Median time to removal" in outcomes[: outcomes.index("Every answer")]
    assert len(re.findall("[Mm]edian", text)) == 3


TOLD = ("riskier", "risk beside", "expected counterfeit", "percentile", "of 2 sellers")
SELLER = "lumo-trade-88"


def compared_site(site: Site) -> Site:
    """A site on which two sellers of two listings each were compared; one listing of the suspect one waits at the
    brand.
    """
    policies = site.runtime.policies.changed(SellerRiskPolicy(fewest_listings=2, fewest_sellers=2))
    site = replace(site, runtime=replace(site.runtime, policies=policies))
    put_champion_in_force(site)
    rows = [a_suspect_row(external_id=f"MP-{i}") for i in (1, 2)] + [a_row(external_id=f"H-{i}") for i in (1, 2)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")
    site.clock.forward(seconds=1)
    case = next(open_case for open_case in open_cases(site, CaseLane.ANALYST) if open_case.brand_id == site.brand_id)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    site.clock.forward(seconds=1)
    assert refresh_ranking(site.runtime, site.marketplace)
    return site


def test_an_analyst_sees_where_the_seller_stands_and_the_counts_behind_it(site: Site) -> None:
    site = compared_site(site)
    (case,) = open_cases(site, CaseLane.ASK_BRAND)
    other = next(
        open_case for open_case in open_cases(site, CaseLane.ANALYST) if open_case.listing_id != case.listing_id
    )
    answer = visit_as(site, site.analyst).get(f"/cases/{other.case_id}")
    page = words(answer.text)
    assert "Risk relative to other sellers" in page
    assert "% of 2 sellers." in page
    assert "2 listings in 30 days: " in page
    assert 'aria-label="Percentile ' in answer.text
    assert "no rule or model uses it" in page


@pytest.mark.parametrize("path", ["/brand", "/brand/done", "/brand/removals"])
def test_a_brand_is_told_nothing_of_it(site: Site, path: str) -> None:
    site = compared_site(site)
    visitor = visit_as(site, site.brand_person)
    if path != "/brand":
        (case,) = open_cases(site, CaseLane.ASK_BRAND)
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    page = words(visitor.get(path).text).casefold()
    for word in TOLD:
        assert word not in page


def test_an_account_manager_is_told_nothing_of_it(site: Site) -> None:
    site = compared_site(site)
    page = words(visit_as(site, site.account_manager).get("/brands").text).casefold()
    for word in TOLD:
        assert word not in page


def test_the_seller_is_told_nothing_of_it(site: Site) -> None:
    """What a seller hears is the statement of reasons in the action."""
    site = compared_site(site)
    (case,) = open_cases(site, CaseLane.ASK_BRAND)
    action = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert action is not None
    for word in TOLD:
        assert word not in str(action.statement).casefold()


def test_who_judges_blind_is_not_shown_what_others_found(site: Site) -> None:
    """The counts hold the first answer to the very listing."""
    site = compared_site(site)
    case = next(open_case for open_case in open_cases(site, CaseLane.ANALYST))
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=20)
    assert refresh_ranking(site.runtime, site.marketplace)
    look = a_second_review(site, case, label=0)
    answer = visit_as(site, site.second_analyst).get(f"/cases/{look.case_id}")
    assert "Risk relative to other sellers" not in answer.text


def test_on_appeal_it_is_not_shown(site: Site) -> None:
    appealed = an_appeal(site)
    answer = visit_as(site, site.second_analyst).get(f"/cases/{appealed.case_id}")
    assert answer.status_code == 200
    assert "Risk relative to other sellers" not in answer.text


def test_too_few_listings_have_no_bar_and_say_so(site: Site) -> None:
    put_champion_in_force(site)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    site.clock.forward(seconds=1)
    refresh_ranking(site.runtime, site.marketplace)
    with site.runtime.store.read() as connection:
        risk = risk_part(site.runtime, connection, site.marketplace_id, SELLER)
    assert (risk.as_of, risk.bar) == (site.clock.now(), None)
    assert risk.standing == "Too few listings to compare with other sellers."
    assert risk.counts[0].startswith("1 listing in 30 days: ")


def test_a_listing_that_names_no_seller_has_an_unknown_risk(site: Site) -> None:
    with site.runtime.store.read() as connection:
        risk = risk_part(site.runtime, connection, site.marketplace_id, None)
    assert (risk.standing, risk.bar, risk.as_of, risk.counts) == (
        "Unknown: the listing names no seller.",
        None,
        None,
        (),
    )
