"""The pages' own queries, on both engines."""

from datetime import timedelta

import pytest

from models.case import CaseLane
from models.verdict import Judgement, Side
from serving.intake.service.intake import receive
from serving.review.service.undoing import undo_verdict
from serving.views import positions, views
from serving.views.queues import QueueFilter
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.listings import a_suspect_row
from tests.fixtures.reviewing import a_case, judge, open_cases
from tests.fixtures.runtimes import Site
from tests.serving.web.appeals import an_appeal
from tests.serving.web.visits import visit_as

_WINDOW = timedelta(seconds=180)


@pytest.mark.both_engines
def test_every_page_renders_on_both_engines(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-2")
    a_case(any_site, external_id="MP-3")
    paths = {
        "analyst": ("/queue", f"/cases/{case.case_id}", "/undo", "/models"),
        "brand_person": ("/brand", "/brand/done", "/brand/removals"),
        "account_manager": ("/brands",),
        "data_scientist": ("/models", "/models/training"),
    }
    for role, wanted in paths.items():
        visitor = visit_as(any_site, getattr(any_site, role))
        assert [visitor.get(path).status_code for path in wanted] == [200] * len(wanted)


def test_only_an_answer_that_stands_and_that_nobody_went_on_from_is_offered_for_undo(any_site: Site) -> None:
    def offered(person: str, side: Side) -> list[tuple[str, Judgement]]:
        user_id = getattr(any_site, person).user_id
        found = any_site.read(views.given_since, user_id, side, any_site.clock.now() - _WINDOW)
        return [(one.external_id, one.judgement) for one in found]

    case = a_case(any_site, CaseLane.ASK_BRAND)
    assert offered("analyst", Side.ANALYST) == [("MP-9", Judgement.COUNTERFEIT)]
    judge(any_site, any_site.brand_person, case, Judgement.GENUINE)
    assert offered("analyst", Side.ANALYST) == [], "the brand went on from there"
    assert offered("brand_person", Side.BRAND) == [("MP-9", Judgement.GENUINE)]
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert offered("brand_person", Side.BRAND) == []
    [again] = open_cases(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, again, Judgement.COUNTERFEIT)
    assert offered("brand_person", Side.BRAND) == [("MP-9", Judgement.COUNTERFEIT)], "in the same instant"
    any_site.clock.forward(seconds=181)
    assert offered("brand_person", Side.BRAND) == []


def test_the_case_that_took_anothers_place_is_found(any_site: Site) -> None:
    case = a_case(any_site)
    receive(any_site.runtime, any_site.marketplace, [a_suspect_row(price="79.00")], source="test")
    [current] = open_cases(any_site)
    with any_site.runtime.store.read() as connection:
        assert positions.follower(connection, any_site.here, case.case_id) == current.case_id
        assert positions.follower(connection, any_site.here, current.case_id) is None


def test_a_brands_questions_answers_and_actions_are_its_own(any_site: Site) -> None:
    pair = (any_site.here, any_site.brand_id)
    judge(any_site, any_site.second_analyst, an_appeal(any_site), Judgement.GENUINE)
    a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-2")
    with any_site.runtime.store.read() as connection:
        assert views.open_questions(connection, {pair})[pair].number == 1
        assert views.standing_answers(connection, {pair}) == {pair: {Judgement.COUNTERFEIT: 1}}
        assert [one.kind for one in views.brand_actions(connection, {pair}, 5)] == [
            ActionKind.REINSTATE,
            ActionKind.REMOVE,
        ]
        assert views.removal_counts(connection, {pair}) == {pair: {ActionState.SENDING: 1}}
        for foreign in ((any_site.here, "brd_other"), ("mkt_other", any_site.brand_id)):
            assert views.open_questions(connection, {foreign}) == {}
            assert views.standing_answers(connection, {foreign}) == {}
            assert views.brand_actions(connection, {foreign}, 5) == []
            assert views.removal_counts(connection, {foreign}) == {}
        assert views.brand_actions(connection, set(), 5) == [], "nobody sees everything by having nothing"


def test_a_place_is_counted_no_further_than_it_helps(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "PLACED_TO", 1)
    _, middle, cheap = (a_case(site, external_id=f"MP-{i}", price=f"{900 - 300 * i}.00") for i in range(3))
    wanted = QueueFilter(frozenset({site.here}), (CaseLane.ANALYST,))
    with site.runtime.store.read() as connection:
        assert positions.neighbours(connection, wanted, cheap).place is None
        assert positions.neighbours(connection, wanted, middle).size == 2, "one more stands for all beyond"
