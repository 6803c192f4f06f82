from itertools import product

import pytest

from models.errors import Conflict, Forbidden, Invalid
from models.messages.english import in_english
from models.policies.sellers import DEFAULT_SANCTIONS, DEFAULT_STRIKES
from models.strikes import Hit, Void
from models.verdict import ReasonCode
from serving.accounts.rules.access import Grant, Person, Role
from serving.sellers.rules.sanction import (
    Earlier,
    Measure,
    SanctionEvent,
    SanctionState,
    SellerAct,
    Vote,
    act_for,
    check_vote,
    follows,
    holds,
    organisation_for,
    rung,
    warning,
)
from serving.takedowns.rules.approval import PROGRAMME, REVIEW_TEAM
from tests.fixtures.hosts import each_by_one
from tests.models.test_strikes import a_hit

RESTRICT, CLOSE = Measure.RESTRICT, Measure.CLOSE
PROPOSED, BY_ONE, DONE = SanctionState.PROPOSED, SanctionState.AGREED_BY_ONE, SanctionState.CARRIED_OUT
REFUSED, LAPSED, LIFTED = SanctionState.REFUSED, SanctionState.LAPSED, SanctionState.LIFTED
LADDER: list[tuple[float, list[Earlier], Measure | None, str]] = [
    (0.0, [], None, "nothing counts"),
    (0.5, [], None, "half a strike"),
    (1.0, [], None, "the first strike is a warning"),
    (1.5, [], None, "still a warning"),
    (2.0, [], RESTRICT, "the second"),
    (2.5, [], RESTRICT, "two and a half"),
    (3.0, [], CLOSE, "the third"),
    (7.0, [], CLOSE, "many"),
    (2.0, [Earlier(RESTRICT, PROPOSED, 2.0)], None, "it is proposed already"),
    (2.0, [Earlier(RESTRICT, BY_ONE, 2.0)], None, "one has agreed already"),
    (2.5, [Earlier(RESTRICT, DONE, 2.0)], None, "the account is restricted already"),
    (3.0, [Earlier(RESTRICT, DONE, 2.0)], CLOSE, "the graver is proposed beside it"),
    (3.0, [Earlier(RESTRICT, PROPOSED, 2.0)], CLOSE, "and in the place of one that is open"),
    (4.0, [Earlier(CLOSE, DONE, 3.0)], None, "a closed account has no further to fall"),
    (2.0, [Earlier(CLOSE, DONE, 3.0)], None, "nor is it restricted"),
    (3.0, [Earlier(CLOSE, REFUSED, 3.0)], None, "a no is not got round by asking again"),
    (4.0, [Earlier(CLOSE, REFUSED, 3.0)], CLOSE, "another strike may ask again"),
    (2.0, [Earlier(RESTRICT, REFUSED, 3.0)], None, "at fewer strikes than the no was said at"),
    (3.0, [Earlier(RESTRICT, REFUSED, 3.0)], CLOSE, "a no to the lighter is no no to the graver"),
    (2.0, [Earlier(RESTRICT, LAPSED, 2.0)], RESTRICT, "nobody decided"),
    (2.0, [Earlier(RESTRICT, LIFTED, 2.0)], RESTRICT, "what was lifted can come again"),
]


@pytest.mark.parametrize(("total", "earlier", "expected", "_why"), LADDER, ids=[row[-1] for row in LADDER])
def test_strikes_call_for(total: float, earlier: list[Earlier], expected: Measure | None, _why: str) -> None:
    assert rung(total, earlier, DEFAULT_SANCTIONS).proposed is expected


SENTENCES = [
    (0.5, "Half a strike: nothing follows below 1."),
    (1.0, "1 strike: a warning. From 2 on people decide."),
    (2.0, "2 strikes; from 2 on people decide whether to restrict the account."),
    (3.5, "3.5 strikes; from 3 on people decide whether to close the account."),
]


@pytest.mark.parametrize(("total", "sentence"), SENTENCES)
def test_the_ladder_says_where_a_seller_stands(total: float, sentence: str) -> None:
    assert rung(total, [], DEFAULT_SANCTIONS).reason == sentence


WARNINGS = [
    (
        a_hit(10),
        (
            "The removal counts as 1 strike against your account until 20 February 2027; removals of one kind within 3 "
            "days count once. From 2 strikes on people decide whether the account is restricted, from 3 on whether it "
            "is closed."
        ),
    ),
    (a_hit(10, void=Void.OVERTURNED), "The removal does not count against your account."),
    (a_hit(10, ReasonCode.DESIGN), "The removal does not count as a strike against your account."),
]


@pytest.mark.parametrize(("hit", "sentence"), WARNINGS)
def test_a_seller_is_warned_of_what_a_removal_means_for_the_account(hit: Hit, sentence: str) -> None:
    assert in_english(warning(hit, strikes=DEFAULT_STRIKES, policy=DEFAULT_SANCTIONS)) == sentence


@pytest.mark.parametrize(("total", "kept"), [(3.0, {RESTRICT, CLOSE}), (2.5, {RESTRICT}), (1.5, set())])
def test_what_is_left_of_the_strikes_carries(total: float, kept: set[Measure]) -> None:
    assert {one for one in Measure if holds(one, total, DEFAULT_SANCTIONS)} == kept


def yes(user: str, organisation: str) -> Vote:
    return Vote(user, organisation, agrees=True, reason="Looked at the removals.")


def no(user: str, organisation: str) -> Vote:
    return Vote(user, organisation, agrees=False, reason="It was one shipment.")


VOTES: list[tuple[list[Vote], SanctionEvent, str]] = [
    ([yes("ana", REVIEW_TEAM)], SanctionEvent.AGREE, "one of the desk"),
    ([yes("ana", REVIEW_TEAM), yes("ben", REVIEW_TEAM)], SanctionEvent.AGREE, "two of the desk are one organisation"),
    ([yes("max", PROGRAMME)], SanctionEvent.AGREE, "one of the programme"),
    ([yes("ana", REVIEW_TEAM), yes("max", PROGRAMME)], SanctionEvent.CARRY_OUT, "one of each"),
    ([no("ana", REVIEW_TEAM)], SanctionEvent.REFUSE, "one no"),
    ([yes("ana", REVIEW_TEAM), no("max", PROGRAMME)], SanctionEvent.REFUSE, "a no after a yes"),
    ([yes("ana", REVIEW_TEAM), yes("confirmer", PROGRAMME)], SanctionEvent.AGREE, "whoever confirmed does not count"),
    ([yes("ana", REVIEW_TEAM), yes("kim", "brn_aurelle")], SanctionEvent.AGREE, "a brand has no voice"),
]


@pytest.mark.parametrize(("given", "expected", "_why"), VOTES, ids=[row[-1] for row in VOTES])
def test_voices_come_to(given: list[Vote], expected: SanctionEvent, _why: str) -> None:
    assert follows(given, {"confirmer"}, {}) is expected


def test_of_two_who_asked_one_another_in_only_the_guest_has_a_voice() -> None:
    both = [yes("ana", REVIEW_TEAM), yes("max", PROGRAMME)]
    assert follows(both, {"confirmer"}, each_by_one({"max": "ana"})) is SanctionEvent.AGREE
    assert follows(both, {"confirmer"}, each_by_one({"confirmer": "max"})) is SanctionEvent.AGREE
    assert follows(both, {"confirmer"}, each_by_one({"max": "confirmer"})) is SanctionEvent.CARRY_OUT
    assert follows(both, {"confirmer"}, each_by_one({"max": "ada", "ana": "ada"})) is SanctionEvent.CARRY_OUT
    with pytest.raises(Forbidden, match="You let in whoever confirmed a removal"):
        check_vote([], yes("ana", REVIEW_TEAM), {"confirmer"}, each_by_one({"confirmer": "ana"}))


def test_whoever_let_in_a_confirmer_ends_a_sanction_by_a_no() -> None:
    host = each_by_one({"confirmer": "ana"})
    check_vote([], no("ana", REVIEW_TEAM), {"confirmer"}, host)
    assert follows([yes("max", PROGRAMME), no("ana", REVIEW_TEAM)], {"confirmer"}, host) is SanctionEvent.REFUSE
    with pytest.raises(Forbidden, match="You confirmed a removal"):
        check_vote([], no("confirmer", REVIEW_TEAM), {"confirmer"}, host)


def test_whoever_confirmed_has_no_voice() -> None:
    with pytest.raises(Forbidden, match="You confirmed a removal"):
        check_vote([], yes("ana", REVIEW_TEAM), {"ana"}, {})


def test_a_voice_needs_a_reason_and_is_given_once() -> None:
    with pytest.raises(Invalid, match="Give a reason"):
        check_vote([], Vote("ana", REVIEW_TEAM, agrees=True, reason=" "), set(), {})
    with pytest.raises(Conflict, match="said so already"):
        check_vote([yes("ana", REVIEW_TEAM)], yes("ana", REVIEW_TEAM), set(), {})
    check_vote([yes("ana", REVIEW_TEAM)], no("ana", REVIEW_TEAM), set(), {})


PLACE = "mkt_1"
PEOPLE = [
    (Grant(Role.ANALYST, PLACE), REVIEW_TEAM, "an analyst"),
    (Grant(Role.ACCOUNT_MANAGER, PLACE), PROGRAMME, "an account manager"),
    (Grant(Role.BRAND, PLACE, "brn_aurelle"), None, "a brand's person"),
    (Grant(Role.ADMIN, PLACE), None, "an administrator"),
    (Grant(Role.ANALYST, "mkt_2"), None, "an analyst of another marketplace"),
]


@pytest.mark.parametrize(("grant", "expected", "_why"), PEOPLE, ids=[row[-1] for row in PEOPLE])
def test_who_speaks_on_a_sanction_is(grant: Grant, expected: str | None, _why: str) -> None:
    assert organisation_for(Person("usr_1", "Ana", "ana@x.example", (grant,)), PLACE) == expected


@pytest.mark.parametrize("in_force", [set(some) for some in product(Measure, repeat=2)] + [set[Measure]()])
def test_the_marketplace_is_asked_for_the_gravest_in_force(in_force: set[Measure]) -> None:
    expected = {
        frozenset(): SellerAct.RESTORE,
        frozenset({RESTRICT}): SellerAct.RESTRICT,
        frozenset({CLOSE}): SellerAct.SUSPEND,
        frozenset({RESTRICT, CLOSE}): SellerAct.SUSPEND,
    }
    assert act_for(in_force) is expected[frozenset(in_force)]
