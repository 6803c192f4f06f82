"""Masked scores: sampled at intake, kept from pages until the answer, and counted separately."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from models.case import CaseLane
from models.messages.english import in_english
from models.verdict import Judgement
from serving.cases.policy import MaskedScorePolicy
from serving.cases.rules.masked_score import Answers
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases, masked_scores
from serving.cases.store.cases import Case
from serving.listings.service.intake import receive_rows
from serving.listings.store import scores
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, judge
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import an_appeal, visit_as, words


def with_masking(site: Site, share: float = 1.0, draw: Callable[[], float] = lambda: 0.5) -> Site:
    policies = site.runtime.policies.changed(MaskedScorePolicy(share))
    return replace(site, runtime=replace(site.runtime, policies=policies, draw=draw))


def page(site: Site, case: Case) -> str:
    return visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text


def test_a_case_stores_whether_it_was_sampled_and_the_probability(any_site: Site) -> None:
    drawn = a_case(with_masking(any_site, 0.3, lambda: 0.29), external_id="MP-1")
    spared = a_case(with_masking(any_site, 0.3, lambda: 0.3), external_id="MP-2")
    assert [(case.score_masked, case.masked_share) for case in (drawn, spared)] == [(True, 0.3), (False, 0.3)]


def test_blind_lanes_are_not_sampled(site: Site) -> None:
    assert an_appeal(site).masked_share is None


def test_neither_page_nor_queue_reveals_the_score(site: Site) -> None:
    """Score, reasons, lane, harm and deadline are not in the source; the data of the listing are."""
    case = a_case(with_masking(site), price="89.00")
    stored = site.read(scores.get, site.marketplace_id, case.score_id)
    source = page(site, case)
    row = visit_as(site, site.analyst).get("/queue").text.partition("<tbody>")[2].partition("</tbody>")[0]
    for markup in (source, row):
        for reason in stored["reasons"]:
            assert in_english(reason.message) not in markup
        for why in stored["route_reasons"]:
            assert in_english(why) not in markup
        for secret in (
            f">{stored['value']:.0f}<",
            " points",
            "points,",
            "d-ana",
            "until due",
            "harm, 7 d",
            "Review 20",
            "review 20",
        ):
            assert secret not in markup, secret
    assert "Opened for" not in source
    assert ">Analyst<" not in source
    assert "1 of 1<" not in source, "the place in a queue that is ordered by harm"
    text = words(source)
    assert "Score, reasons and lane are masked until you decide." in text
    assert "€89" in text
    assert "Score masked" in text
    assert "masked" in words(row)


def test_the_queue_of_the_api_names_neither_lane_nor_deadline(site: Site) -> None:
    case = a_case(with_masking(site))
    [listed_case] = visit_as(site, site.analyst).get("/api/v1/cases").json()["cases"]
    assert listed_case["case_id"] == case.case_id
    assert (listed_case["lane"], listed_case["due_at"]) == (None, None)


def test_the_answer_shows_it_in_the_toast_and_on_the_page(site: Site) -> None:
    case = a_case(with_masking(site))
    points = site.read(scores.get, site.marketplace_id, case.score_id)["value"]
    visitor = visit_as(site, site.analyst)
    visitor.answer(case.case_id, case.version_id, "genuine")
    assert f"Its score was {points:.0f} points." in words(visitor.get("/undo").text)
    text = words(visitor.get(f"/cases/{case.case_id}").text)
    assert "The score was masked until the first decision." in text
    assert f"{points:.0f} points in total" in text


def test_a_reviewer_sees_the_score_after_an_undo_and_a_colleague_does_not(site: Site) -> None:
    case = a_case(with_masking(site))
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(seconds=5)
    undo_verdict(site.runtime, site.analyst, case.case_id)
    assert "points in total" in words(page(site, case))
    assert "points in total" not in words(visit_as(site, site.second_analyst).get(f"/cases/{case.case_id}").text)


def test_a_filter_by_score_or_harm_excludes_masked_cases(site: Site) -> None:
    case = a_case(with_masking(site))
    visitor = visit_as(site, site.analyst)
    assert case.case_id in visitor.get("/queue").text
    assert case.case_id not in visitor.get("/queue?harm=0.01").text
    assert case.case_id not in visitor.get("/queue?score=0-100").text


def test_a_cluster_with_a_masked_score_shows_no_sum_of_harm(site: Site) -> None:
    put_champion_in_force(site)
    site.clock.forward(minutes=1)
    for number in range(3):
        receive_rows(site.runtime, site.marketplace, [a_suspect_row(external_id=f"MP-{number}")], source="test")
    visitor = visit_as(site, site.analyst)
    assert "expected harm" in words(visitor.get("/queue").text).partition("Cluster:")[2]
    receive_rows(with_masking(site).runtime, site.marketplace, [a_suspect_row(external_id="MP-3")], source="test")
    cluster = words(visitor.get("/queue").text).partition("Cluster:")[2]
    assert "4 listings" in cluster
    assert "expected harm" not in cluster


def test_a_prefetched_page_reveals_no_more_than_the_page(site: Site) -> None:
    case = a_case(with_masking(site))
    ahead = visit_as(site, site.analyst).get(f"/cases/{case.case_id}", **{"touchstone-look": "1"}).text
    assert " points" not in words(ahead)


def test_first_answers_with_and_without_the_score_are_counted_apart(any_site: Site) -> None:
    without = [a_case(with_masking(any_site), external_id=f"MP-1{number}") for number in range(3)]
    seen = [a_case(with_masking(any_site, 0.5), external_id=f"MP-2{number}") for number in range(2)]
    for case in (*without[:2], seen[0], a_case(any_site, external_id="MP-30")):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    judge(any_site, any_site.analyst, without[2], Judgement.COUNTERFEIT)
    judge(any_site, any_site.analyst, seen[1], Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=5)
    undo_verdict(any_site.runtime, any_site.analyst, without[0].case_id)
    again = replace(without[0], revision=without[0].revision + 2)
    judge(any_site, any_site.analyst, again, Judgement.COUNTERFEIT)  # The score is visible by now.
    since = any_site.clock.now() - timedelta(days=1)
    with any_site.runtime.store.read() as connection:
        assert masked_scores.first_answer_counts(connection, any_site.marketplace_id, since) == (
            Answers(3, 1),
            Answers(2, 1),
        )
        own = [
            masked_scores.first_answer_counts_of(connection, user_id, since)
            for user_id in (any_site.analyst.user_id, "usr_x")
        ]
        assert own == [(Answers(3, 1), Answers(2, 1)), (Answers(), Answers())]
        later = any_site.clock.now() + timedelta(days=1)
        assert masked_scores.first_answer_counts(connection, any_site.marketplace_id, later) == (Answers(), Answers())


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_masking_no_extra_draw_is_made(site: Site, share: float) -> None:
    draws: list[float] = []

    def draw() -> float:
        draws.append(0.0)
        return 0.0

    a_case(with_masking(site, share, draw))
    assert len(draws) == (1 if share == 0.0 else 2)


def test_a_case_after_a_change_of_the_listing_is_sampled_again(site: Site) -> None:
    case = a_case(with_masking(site))
    changed = a_case(site, CaseLane.ANALYST, price="45.00")
    assert site.read(cases.get, site.marketplace_id, case.case_id).score_masked
    assert not changed.score_masked


@pytest.mark.parametrize(
    ("query", "lists"),
    [
        pytest.param("", True, id="all open says nothing"),
        pytest.param("lane=analyst", False, id="a lane would reveal the lane"),
        pytest.param("due=999", False, id="a deadline would reveal the lane's"),
        pytest.param("due=overdue", False, id="as would its passing"),
        pytest.param("language=en", True, id="the listing's own data reveal nothing"),
    ],
)
def test_no_filter_reveals_what_is_masked(site: Site, query: str, lists: bool) -> None:
    case = a_case(with_masking(site), external_id="MP-1", language="en")
    site.clock.forward(days=10)
    source = visit_as(site, site.analyst).get(f"/queue?{query}").text
    assert (f"/cases/{case.case_id}" in source.partition("<tbody>")[2]) is lists


def test_lanes_are_counted_without_masked_cases_and_the_queue_says_where_these_are(site: Site) -> None:
    a_case(with_masking(site), external_id="MP-1")
    a_case(site, external_id="MP-2")
    text = words(visit_as(site, site.analyst).get("/queue").text)
    assert "All open2" in text
    assert "Analyst review1" in text
    assert "1 with a masked score is only under All open" in text


def test_a_masked_case_is_decided_alone_and_not_ticked_in_bulk(site: Site) -> None:
    hidden, shown = a_case(with_masking(site), external_id="MP-1"), a_case(site, external_id="MP-2")
    visitor = visit_as(site, site.analyst)
    form = visitor.get(f"/cases/bulk?case={hidden.case_id}&case={shown.case_id}").text
    assert f'name="case:{shown.case_id}"' in form
    assert f'name="case:{hidden.case_id}"' not in form
    assert "This case is reviewed without the score. Decide it on its own." in words(form)
    fields = {f"case:{case.case_id}": case.version_id for case in (hidden, shown)}
    sent = visitor.post("/cases/bulk", {**fields, "judgement": "genuine", "bulk_id": f"blk_{'0' * 26}"})
    assert "Decide it on its own" in words(visitor.get(sent.headers["location"]).text)
    still_open = site.read(cases.open_cases, site.marketplace_id, [hidden.listing_id, shown.listing_id])
    assert [case.case_id for case in still_open.values()] == [hidden.case_id]
