"""A gold item looks like any second review, is rare, and gives no label."""

from dataclasses import replace

from models.case import CaseLane
from models.policies.learning import SecondLookPolicy
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.accounts.store.accounts import Session
from serving.cases.store.cases import Case
from serving.learning.service.second_reviews import open_gold_items
from serving.learning.store import golden, verdict_history
from serving.review.service.undoing import undo_verdict
from serving.views import queues
from serving.views.queues import QueueFilter
from serving.web.queue.my_page import my_page
from tests.fixtures.facts import some_facts
from tests.fixtures.reviewing import a_case, a_second_review, judge, open_cases
from tests.fixtures.runtimes import Site, invite
from tests.serving.web.visits import visit_as, words
from training.golden import GoldenItem, freeze

SELDOM = 3


def with_a_golden_listing(site: Site) -> tuple[Site, Case]:
    """Three reviewers, and a listing in the golden set that two of them found genuine."""
    policies = site.runtime.policies.changed(SecondLookPolicy(known_answer_one_in=SELDOM))
    site = replace(site, runtime=replace(site.runtime, policies=policies))
    case = a_case(site, external_id="GOLD", title="Solenne purse mirror quality", brand="Solenne")
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.GENUINE)
    site.clock.forward(days=15)
    item = GoldenItem(case.version_id, case.listing_id, None, 0, ("a", "b"), some_facts().to_json().decode())
    content, digest = freeze([item], site.clock.now())
    row = {"digest": digest, "items": 1, "positives": 0, "content": content, "frozen_by": "test"}
    with site.runtime.store.write() as connection:
        identity = {"marketplace_id": site.here, "golden_set_id": "gld_1", "frozen_at": site.clock.now()}
        golden.add_set(connection, {**identity, **row})
    return site, case


def decide(site: Site, number: int) -> None:
    """The given number of answers by the reviewers."""
    for _ in range(number):
        site.clock.forward(minutes=1)
        judge(site, site.analyst, a_case(site, external_id=f"MP-{site.clock.now():%d%H%M}"), Judgement.GENUINE)
    site.clock.forward(minutes=1)


def test_it_comes_once_in_so_many_answers_to_who_has_not_judged_and_teaches_nothing(any_site: Site) -> None:
    site, case = with_a_golden_listing(any_site)
    third = invite(site.runtime, "aiko@touchstone.example", "Aiko Tanaka", Role.ANALYST)
    decide(site, SELDOM - 1)
    assert open_gold_items(site.runtime) == 0, "not so many answers yet"
    decide(site, 1)
    assert [open_gold_items(site.runtime), open_gold_items(site.runtime)] == [1, 0]
    [known] = open_cases(site, CaseLane.SECOND_REVIEW)
    assert known.version_id == case.version_id
    here = frozenset({site.here})
    with site.runtime.store.read() as connection:
        shown = {
            person.name: len(queues.queue(connection, QueueFilter(here, person=person.user_id), most=9))
            for person in (site.analyst, site.second_analyst, third)
        }
        before = verdict_history.of_marketplace(connection, site.here, site.clock.now())[case.version_id]
    assert shown == {"Ines Moreau": 0, "Tomás Rey": 0, "Aiko Tanaka": 1}
    judge(site, third, known, Judgement.COUNTERFEIT)
    site.clock.forward(minutes=1)
    assert site.read(verdict_history.of_marketplace, site.here, site.clock.now())[case.version_id] == before
    looks, found, *_ = my_page(site.runtime, Session(third, "token")).agreements.values()
    assert (found.agreed, found.of, looks.of) == (0, 1, 0)
    looks, *_ = my_page(site.runtime, Session(site.analyst, "token")).agreements.values()
    assert (looks.agreed, looks.of) == (1, 1), "as before"
    undo_verdict(site.runtime, third, known.case_id)
    assert my_page(site.runtime, Session(third, "token")).agreements["Gold items"].of == 0


def test_its_page_looks_like_that_of_any_second_review(site: Site) -> None:
    site, _ = with_a_golden_listing(site)
    third = invite(site.runtime, "aiko@touchstone.example", "Aiko Tanaka", Role.ANALYST)
    decide(site, SELDOM)
    open_gold_items(site.runtime)
    other = a_case(site, external_id="DOUBT", title="Solenne purse mirror quality", brand="Solenne")
    judge(site, site.analyst, other, Judgement.GENUINE)
    site.clock.forward(days=15)
    a_second_review(site, other, label=0)
    visitor = visit_as(site, third)
    pages = [visitor.get(f"/cases/{one.case_id}").text for one in open_cases(site, CaseLane.SECOND_REVIEW)]
    assert len(pages) == 2
    for page in (*pages, visitor.get("/queue").text):
        assert "golden" not in page.lower()
        assert "answer is known" not in page
        assert "known_answer" not in page
    for page in pages:
        assert "Opened for a second review by somebody who has not judged the listing." in words(page)


def test_where_everybody_has_judged_it_none_is_opened(site: Site) -> None:
    site, _ = with_a_golden_listing(site)
    decide(site, SELDOM)
    assert open_gold_items(site.runtime) == 0
