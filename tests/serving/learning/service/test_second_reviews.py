"""Doubtful labels go to a reviewer who has not judged the listing, and return as ordinary verdicts."""

from dataclasses import replace

import pytest

from features.facts import facts_from_json
from features.message import as_json, message
from models.case import CaseLane, CaseState
from models.errors import Forbidden, NotFound
from models.labels import WANTS_A_SECOND, NoLabel
from models.policies.deciding import RoutingPolicy
from models.policies.learning import LabelPolicy, SecondReviewPolicy
from models.routing import NAMED_CODE
from models.score import OTHER, Reason, reason_as_json, remainder_reason
from models.verdict import Judgement
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service.passwords import reset_by_link
from serving.accounts.service.reset_links import make_link
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.appeals.service.appeal import file_appeal
from serving.cases.service.deferring import assign_cases
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import assignments, cases, queues
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter
from serving.learning.service.labelling import label_of, snapshot_content
from serving.learning.service.reason_precision import ReasonCounts, count_reasons, reason_precision
from serving.learning.service.second_reviews import open_gold_items, open_second_reviews
from serving.learning.store import golden, learning, second_reviews, verdict_history
from serving.learning.store.second_reviews import SecondReviews
from serving.listings.service.intake import receive_rows
from serving.takedowns.store import actions
from serving.web.queue.my_page import my_page
from tests.fixtures.facts import some_facts
from tests.fixtures.runtimes import (
    Site,
    a_case,
    a_drawn_case,
    a_second_review,
    a_suspect_row,
    invite,
    judge,
    open_cases,
)
from tests.serving.appeals.service.test_appeal import COMPLAINT, remove
from tests.serving.web.visits import visit_as, words
from training.gates.golden import GoldenItem, freeze
from training.snapshots.snapshot import SnapshotRow


def a_job(site: Site) -> str:
    job_id = site.runtime.ids.new("job")
    row = {
        "marketplace_id": site.marketplace_id,
        "job_id": job_id,
        "state": "running",
        "progress": {},
        "requested_by": "test",
    }
    site.write(learning.add_job, {**row, "created_at": site.clock.now()})
    return job_id


def doubt_of(case: Case, label: int = 0, probability: float = 0.97) -> dict[str, object]:
    doubt = probability if label == 0 else 1 - probability
    return {"version_id": case.version_id, "label": label, "probability": probability, "doubt": doubt}


def label_now(site: Site, version_id: str) -> object:
    version = site.read(verdict_history.of_marketplace, site.marketplace_id, site.clock.now())[version_id]
    return label_of(version, site.clock.now(), site.runtime.policies[LabelPolicy])


def rows_now(site: Site) -> list[SnapshotRow]:
    return snapshot_content(site.runtime, site.marketplace_id, site.clock.now())[0]


def counts(site: Site) -> SecondReviews:
    return site.read(second_reviews.review_counts, site.marketplace_id)


def queue_of(site: Site, person: Person) -> list[str]:
    queue_filter = QueueFilter(frozenset({site.marketplace_id}), person=person.user_id)
    return [row["case_id"] for row in site.read(queues.queue, queue_filter, most=50)]


def a_genuine_case(site: Site, external_id: str = "MP-9") -> Case:
    """A case that the analyst found genuine a fortnight ago."""
    case = a_case(site, external_id=external_id)
    judge(site, site.analyst, case, Judgement.GENUINE)
    return case


def test_a_doubted_label_is_looked_at_by_somebody_else_and_agreement_makes_two_reviewers(any_site: Site) -> None:
    case = a_genuine_case(any_site)
    any_site.clock.forward(days=15)
    look = a_second_review(any_site, case, label=0)
    assert counts(any_site) == SecondReviews(doubted=1, asked_for=1, answered=0, overturned=0)
    judge(any_site, any_site.second_analyst, look, Judgement.GENUINE)
    any_site.clock.forward(days=15)
    (row,) = rows_now(any_site)
    assert (row.label, row.evidence_level) == (0, "two_reviewers")
    assert set(row.sources) == {f"user:{person.user_id}" for person in (any_site.analyst, any_site.second_analyst)}
    assert counts(any_site) == SecondReviews(doubted=1, asked_for=1, answered=1, overturned=0)


def test_the_author_of_the_reset_link_behind_the_first_answer_gives_no_second_review(any_site: Site) -> None:
    """An administrator and analyst who made a password reset link for the analyst who answered."""
    host, runtime = any_site.second_analyst, any_site.runtime
    with runtime.store.write() as connection:
        accounts.add_grants(
            connection, host.user_id, [Grant(Role.ADMIN, any_site.marketplace_id)], any_site.clock.now()
        )
        host = accounts.person(connection, host.user_id)
    path = make_link(runtime, host, any_site.analyst.user_id)
    reset_by_link(runtime, path.removeprefix("/reset/"), new_password="a better password", again="a better password")
    case = a_genuine_case(any_site)
    any_site.clock.forward(days=15)
    look = a_second_review(any_site, case, label=0)
    with pytest.raises(Forbidden, match=r"count as one person, .* somebody else must give the second review"):
        judge(any_site, host, look, Judgement.GENUINE)
    third = invite(runtime, "third@touchstone.example", "Tia Renn", Role.ANALYST)
    visit_as(any_site, host)
    visit_as(any_site, third)
    assign_cases(runtime)
    with runtime.store.read() as connection:
        assert (
            assignments.current_assignees(connection, {any_site.marketplace_id}, any_site.clock.now())[look.case_id]
            == third.user_id
        )
    judge(any_site, third, look, Judgement.GENUINE)


def test_a_contradiction_removes_the_label_and_does_not_reverse_it(site: Site) -> None:
    case = a_genuine_case(site)
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.COUNTERFEIT)
    site.clock.forward(days=15)
    assert label_now(site, case.version_id) == NoLabel(message("no_label.contradiction"))
    assert counts(site).overturned == 1


def test_an_undone_second_review_leaves_the_label_as_it_was(any_site: Site) -> None:
    case = a_genuine_case(any_site)
    any_site.clock.forward(days=15)
    look = a_second_review(any_site, case, label=0)
    judge(any_site, any_site.second_analyst, look, Judgement.COUNTERFEIT)
    undo_verdict(any_site.runtime, any_site.second_analyst, look.case_id)
    assert (counts(any_site).answered, counts(any_site).overturned) == (0, 0)
    assert [row.label for row in rows_now(any_site)] == [0]
    assert [review.case_id for review in open_cases(any_site, CaseLane.SECOND_REVIEW)] == [look.case_id]


def test_an_unclear_second_review_overturns_no_label(site: Site) -> None:
    case = a_genuine_case(site)
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.CANNOT_TELL)
    assert (counts(site).answered, counts(site).overturned) == (1, 0)
    assert [row.evidence_level for row in rows_now(site)] == ["one_reviewer"]


def test_who_judged_the_listing_is_not_asked_again(any_site: Site) -> None:
    case = a_genuine_case(any_site)
    any_site.clock.forward(days=15)
    look = a_second_review(any_site, case, label=0)
    assert queue_of(any_site, any_site.analyst) == []
    assert queue_of(any_site, any_site.second_analyst) == [look.case_id]
    with pytest.raises(Forbidden, match="somebody else must give the second review"):
        judge(any_site, any_site.analyst, look, Judgement.GENUINE)


def test_the_author_of_an_undone_verdict_gives_no_second_review(site: Site) -> None:
    case = a_case(site)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    undo_verdict(site.runtime, site.second_analyst, case.case_id)
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    with pytest.raises(Forbidden):
        judge(site, site.second_analyst, look, Judgement.GENUINE)


def test_a_brand_gives_no_second_review_of_its_own_answer(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    with pytest.raises(NotFound):
        judge(site, site.brand_person, look, Judgement.GENUINE)
    judge(site, site.second_analyst, look, Judgement.COUNTERFEIT)
    assert label_now(site, case.version_id) == NoLabel(message("no_label.against_brand"))


def test_a_second_review_removes_no_listing(site: Site) -> None:
    case = a_genuine_case(site)
    site.clock.forward(days=15)
    recorded = judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.COUNTERFEIT)
    assert recorded.action is None
    assert site.read(actions.of_listing, site.marketplace_id, case.listing_id) == []


def test_a_find_in_the_audit_slice_waits_for_a_second_reviewer_who_is_asked_for(site: Site) -> None:
    case = a_drawn_case(site)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    site.clock.forward(days=15)
    assert label_now(site, case.version_id) is WANTS_A_SECOND
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site)) == 1
    (look,) = open_cases(site, CaseLane.SECOND_REVIEW)
    judge(site, site.second_analyst, look, Judgement.COUNTERFEIT)
    site.clock.forward(days=15)
    (row,) = rows_now(site)
    assert (row.label, row.lane, row.evidence_level) == (1, "audit", "two_reviewers")
    assert row.inclusion_probability == site.runtime.policies[RoutingPolicy].audit_unnamed_share


def test_what_the_audit_slice_finds_genuine_needs_no_second(site: Site) -> None:
    judge(site, site.analyst, a_drawn_case(site), Judgement.GENUINE)
    site.clock.forward(days=15)
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site)) == 0
    assert [row.evidence_level for row in rows_now(site)] == ["one_reviewer"]


def with_room_for(site: Site, most_cases: int) -> Site:
    policies = site.runtime.policies.changed(SecondReviewPolicy(most_cases=most_cases))
    return replace(site, runtime=replace(site.runtime, policies=policies))


def test_finds_that_wait_come_first_and_no_more_is_asked_than_there_is_time_for(site: Site) -> None:
    site = with_room_for(site, 2)
    first, second = (a_genuine_case(site, f"MP-{i}") for i in range(2))
    find = a_drawn_case(site)
    judge(site, site.analyst, find, Judgement.COUNTERFEIT)
    site.clock.forward(days=15)
    job_id = a_job(site)
    assert open_second_reviews(site.runtime, site.marketplace_id, job_id) == 1
    assert open_second_reviews(site.runtime, site.marketplace_id, job_id, [doubt_of(first), doubt_of(second)]) == 1
    looked_at = {review.version_id for review in open_cases(site, CaseLane.SECOND_REVIEW)}
    assert looked_at == {find.version_id, first.version_id}
    assert counts(site) == SecondReviews(doubted=2, asked_for=2, answered=0, overturned=0)
    assert open_second_reviews(site.runtime, site.marketplace_id, job_id, [doubt_of(first), doubt_of(second)]) == 0, (
        "asked again"
    )
    assert counts(site) == SecondReviews(doubted=2, asked_for=2, answered=0, overturned=0)


def test_where_there_is_room_for_one_the_find_that_waits_comes_before_the_suspect(site: Site) -> None:
    site = with_room_for(site, 1)
    suspect, find = a_genuine_case(site), a_drawn_case(site)
    judge(site, site.analyst, find, Judgement.COUNTERFEIT)
    site.clock.forward(days=15)
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site), [doubt_of(suspect)]) == 1
    assert [review.version_id for review in open_cases(site, CaseLane.SECOND_REVIEW)] == [find.version_id]


def test_what_had_no_room_comes_with_the_next_training_and_nothing_twice(any_site: Site) -> None:
    site = with_room_for(any_site, 1)
    first, second = (a_genuine_case(site, f"MP-{i}") for i in range(2))
    site.clock.forward(days=15)
    both = [doubt_of(first), doubt_of(second)]
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site), both) == 1
    site.clock.forward(hours=1)
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site), both) == 1
    site.clock.forward(hours=1)
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site), both) == 0
    looked_at = [review.version_id for review in open_cases(site, CaseLane.SECOND_REVIEW)]
    assert sorted(looked_at) == sorted([first.version_id, second.version_id])


@pytest.mark.parametrize("label", [1, None])
def test_a_label_that_has_changed_since_the_training_read_it_is_left_alone(site: Site, label: int | None) -> None:
    if label is None:
        remove(site)
        site.clock.forward(days=15)
        (row,) = rows_now(site)
        file_appeal(site.runtime, site.marketplace, COMPLAINT)
        suspect = {"version_id": row.version_id, "label": 1, "probability": 0.02, "doubt": 0.98}
    else:
        case = a_genuine_case(site)
        site.clock.forward(days=15)
        suspect = doubt_of(case, label=1, probability=0.02)
    assert open_second_reviews(site.runtime, site.marketplace_id, a_job(site), [suspect]) == 0
    assert counts(site).doubted == 0


def test_a_listing_that_changes_meanwhile_gets_its_case_and_the_second_review_stays(any_site: Site) -> None:
    case = a_genuine_case(any_site)
    any_site.clock.forward(days=15)
    look = a_second_review(any_site, case, label=0)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="12.00")], source="test")
    cases_by_lane = {open_case.lane: open_case for open_case in open_cases(any_site)}
    assert cases_by_lane.keys() == {CaseLane.ANALYST, CaseLane.SECOND_REVIEW}
    assert cases_by_lane[CaseLane.ANALYST].follows_case_id is None
    assert cases_by_lane[CaseLane.SECOND_REVIEW].case_id == look.case_id
    judge(any_site, any_site.second_analyst, look, Judgement.GENUINE)
    assert any_site.read(cases.get, any_site.marketplace_id, look.case_id).state is CaseState.DECIDED


def test_the_past_of_a_seller_is_what_was_decided_and_not_what_was_checked(site: Site) -> None:
    case = a_genuine_case(site)
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.COUNTERFEIT)
    site.clock.forward(days=1)
    judge(site, site.analyst, a_case(site, external_id="MP-10"), Judgement.GENUINE)
    site.clock.forward(days=15)
    (row,) = rows_now(site)
    past = facts_from_json(row.facts).seller.outcomes
    assert past is not None
    assert (past.counterfeit, past.genuine) == (0, 1)


# A gold item looks like any second review, is rare, and gives no label.

SELDOM = 3


def with_a_golden_listing(site: Site) -> tuple[Site, Case]:
    """Three reviewers, and a listing in the golden set that two of them found genuine."""
    policies = site.runtime.policies.changed(SecondReviewPolicy(gold_item_one_in=SELDOM))
    site = replace(site, runtime=replace(site.runtime, policies=policies))
    case = a_case(site, external_id="GOLD", title="Solenne purse mirror quality", brand="Solenne")
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    judge(site, site.second_analyst, a_second_review(site, case, label=0), Judgement.GENUINE)
    site.clock.forward(days=15)
    golden_item = GoldenItem(case.version_id, case.listing_id, None, 0, ("a", "b"), some_facts().to_json().decode())
    content, digest = freeze([golden_item], site.clock.now())
    row = {"digest": digest, "items": 1, "positives": 0, "content": content, "frozen_by": "test"}
    with site.runtime.store.write() as connection:
        identity = {"marketplace_id": site.marketplace_id, "golden_set_id": "gld_1", "frozen_at": site.clock.now()}
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
    marketplaces = frozenset({site.marketplace_id})
    with site.runtime.store.read() as connection:
        shown = {
            person.name: len(queues.queue(connection, QueueFilter(marketplaces, person=person.user_id), most=9))
            for person in (site.analyst, site.second_analyst, third)
        }
        before = verdict_history.of_marketplace(connection, site.marketplace_id, site.clock.now())[case.version_id]
    assert shown == {"Ines Moreau": 0, "Tomás Rey": 0, "Aiko Tanaka": 1}
    judge(site, third, known, Judgement.COUNTERFEIT)
    site.clock.forward(minutes=1)
    assert site.read(verdict_history.of_marketplace, site.marketplace_id, site.clock.now())[case.version_id] == before
    looks, gold, *_ = my_page(site.runtime, Session(third, "token")).agreements.values()
    assert (gold.agreed, gold.of, looks.of) == (0, 1, 0)
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
    pages = [visitor.get(f"/cases/{review.case_id}").text for review in open_cases(site, CaseLane.SECOND_REVIEW)]
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


def test_each_reason_and_rule_counts_once_a_listing_with_what_came_true() -> None:
    like, young = message("wording", words=("mirror",)), message("seller_age", n=3)
    middle, high, audit = message("route.middle"), message("route.high.no_brand"), message("route.audit", n=33)
    price, copy = message("evidence.price"), message("evidence.copy")
    rows = [
        {
            "version_id": "a",
            "reasons": [
                reason_as_json(reason)
                for reason in (Reason("wording", like, 1.2), Reason("age", young, -0.1), remainder_reason(OTHER, 0.3))
            ],
            "route_reasons": [as_json(middle), as_json(message(NAMED_CODE, families=(price, copy)))],
        },
        {
            "version_id": "b",
            "reasons": [
                reason_as_json(Reason("wording", message("wording", words=("1:1",)), 0.4)),
                reason_as_json(Reason("wording", like, 0.1)),
            ],
            "route_reasons": [*map(as_json, (high, audit, middle, message(NAMED_CODE, families=(price,))))],
        },
    ]
    seen = count_reasons(rows, {"a": True, "b": False})
    assert (seen.labelled, seen.counterfeit) == (2, 1)
    assert seen.reasons_for == (ReasonCounts("wording", like, 2, 1),)
    assert seen.reasons_against == (ReasonCounts("age", young, 1, 1),)
    assert [(rule.name, rule.labelled, rule.counterfeit) for rule in seen.rules] == [
        ("route.middle", 2, 1),
        ("route.named", 2, 1),
        ("route.audit", 1, 0),
        ("route.high.no_brand", 1, 0),
    ]
    assert seen.evidence == (ReasonCounts("evidence.price", price, 2, 1), ReasonCounts("evidence.copy", copy, 1, 1))


def test_only_listings_with_a_mature_label_count_by_their_first_score(site: Site) -> None:
    for number, judgement in enumerate((Judgement.COUNTERFEIT, Judgement.GENUINE)):
        judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}"), judgement)
    a_case(site, external_id="MP-9")
    assert reason_precision(site.runtime, site.marketplace).labelled == 0
    site.clock.forward(days=15)
    seen = reason_precision(site.runtime, site.marketplace)
    assert (seen.labelled, seen.counterfeit) == (2, 1)
    assert seen.reasons_for
    assert all(reason.labelled <= 2 for reason in seen.reasons_for)


def test_a_rule_is_one_row_whatever_seller_it_names() -> None:
    named = {seller: message("relist.linked_new_seller", seller=seller) for seller in ("ann", "bo", "cleo")}
    rows = [{"version_id": seller, "reasons": [], "route_reasons": [as_json(rule)]} for seller, rule in named.items()]
    (only,) = count_reasons(rows, {"ann": True, "bo": True, "cleo": False}).rules
    assert (only.name, only.labelled, only.counterfeit) == ("relist.linked_new_seller", 3, 2)


def test_the_page_names_a_rule_by_its_sentence_and_not_by_its_code(site: Site) -> None:
    judge(site, site.analyst, a_case(site, external_id="MP-1"), Judgement.GENUINE)
    site.clock.forward(days=15)
    text = words(visit_as(site, site.data_scientist).get("/models/live").text)
    assert "… points on the starter scorecard, at or above …. Points are not calibrated. Example:" in text
    assert "1 scored listing with a mature label" in text
    assert "route.points" not in text
