from itertools import product

import pytest

from features.message import Message, message
from models.errors import Conflict, Forbidden, Invalid
from models.messages.english import in_english
from models.policies.sellers import DEFAULT_SANCTIONS, DEFAULT_STRIKES
from models.strikes import Hit, VoidCause
from models.verdict import ReasonCode
from serving.accounts.rules.access import Grant, Person, Role
from serving.sellers.rules.sanction import (
    EarlierSanction,
    Measure,
    SanctionEvent,
    SanctionState,
    SellerAct,
    Vote,
    act_for,
    check_vote,
    event_of_votes,
    is_still_carried,
    organisation_for,
    rung,
    seller_warning,
    useful_voters,
)
from serving.takedowns.rules.approval import PROGRAMME, REVIEW_TEAM
from tests.fixtures.hosts import roots_with
from tests.models.test_strikes import a_hit

RESTRICT, CLOSE = Measure.RESTRICT, Measure.CLOSE
PROPOSED, BY_ONE, DONE = SanctionState.PROPOSED, SanctionState.AGREED_BY_ONE, SanctionState.CARRIED_OUT
REFUSED, LAPSED, LIFTED = SanctionState.REFUSED, SanctionState.LAPSED, SanctionState.LIFTED
LADDER: list[tuple[float, list[EarlierSanction], Measure | None, str]] = [
    (0.0, [], None, "nothing counts"),
    (0.5, [], None, "half a strike"),
    (1.0, [], None, "the first strike is a warning"),
    (1.5, [], None, "still a warning"),
    (2.0, [], RESTRICT, "the second"),
    (2.5, [], RESTRICT, "two and a half"),
    (3.0, [], CLOSE, "the third"),
    (7.0, [], CLOSE, "many"),
    (2.0, [EarlierSanction(RESTRICT, PROPOSED, 2.0)], None, "it is proposed already"),
    (2.0, [EarlierSanction(RESTRICT, BY_ONE, 2.0)], None, "one has agreed already"),
    (2.5, [EarlierSanction(RESTRICT, DONE, 2.0)], None, "the account is restricted already"),
    (3.0, [EarlierSanction(RESTRICT, DONE, 2.0)], CLOSE, "the more severe is proposed beside it"),
    (3.0, [EarlierSanction(RESTRICT, PROPOSED, 2.0)], CLOSE, "and in place of an open one"),
    (4.0, [EarlierSanction(CLOSE, DONE, 3.0)], None, "a closed account is not closed again"),
    (2.0, [EarlierSanction(CLOSE, DONE, 3.0)], None, "a closed account is not restricted"),
    (3.0, [EarlierSanction(CLOSE, REFUSED, 3.0)], None, "a refusal stands at as many strikes"),
    (4.0, [EarlierSanction(CLOSE, REFUSED, 3.0)], CLOSE, "another strike may propose again"),
    (2.0, [EarlierSanction(RESTRICT, REFUSED, 3.0)], None, "a refusal stands at fewer strikes"),
    (3.0, [EarlierSanction(RESTRICT, REFUSED, 3.0)], CLOSE, "a refusal to restrict is no refusal to close"),
    (2.0, [EarlierSanction(RESTRICT, LAPSED, 2.0)], RESTRICT, "nobody decided"),
    (2.0, [EarlierSanction(RESTRICT, LIFTED, 2.0)], RESTRICT, "a lifted measure can be proposed again"),
]


@pytest.mark.parametrize(("total", "earlier", "expected", "_why"), LADDER)
def test_strikes_call_for(total: float, earlier: list[EarlierSanction], expected: Measure | None, _why: str) -> None:
    assert rung(total, earlier, DEFAULT_SANCTIONS).proposed is expected


REASONS = [
    (0.5, message("rung.none", strikes=message("strikes.half"), threshold=1)),
    (1.0, message("rung.warning", strikes=message("strikes", n=1), threshold=2)),
    (2.0, message("rung.restrict", strikes=message("strikes", n=2), threshold=2)),
    (3.5, message("rung.close", strikes=message("strikes", n=3.5), threshold=3)),
]


@pytest.mark.parametrize(("total", "reason"), REASONS)
def test_the_reason_names_a_sellers_position_on_the_ladder(total: float, reason: Message) -> None:
    assert rung(total, [], DEFAULT_SANCTIONS).reason == reason


WARNINGS = [
    (
        a_hit(10),
        (
            "The removal counts as 1 strike against your account until 20 February 2027. Removals of one kind within 3 "
            "days count once. From 2 strikes, people decide whether to restrict the account; from 3, whether to close "
            "it."
        ),
    ),
    (a_hit(10, void=VoidCause.OVERTURNED), "The removal does not count against your account."),
    (a_hit(10, ReasonCode.DESIGN), "The removal does not count as a strike against your account."),
]


@pytest.mark.parametrize(("hit", "sentence"), WARNINGS)
def test_a_seller_is_warned_of_the_consequence_for_the_account(hit: Hit, sentence: str) -> None:
    assert in_english(seller_warning(hit, strikes=DEFAULT_STRIKES, policy=DEFAULT_SANCTIONS)) == sentence


@pytest.mark.parametrize(("total", "expected"), [(3.0, {RESTRICT, CLOSE}), (2.5, {RESTRICT}), (1.5, set())])
def test_the_remaining_strikes_carry(total: float, expected: set[Measure]) -> None:
    assert {measure for measure in Measure if is_still_carried(measure, total, DEFAULT_SANCTIONS)} == expected


def yes(user: str, organisation: str) -> Vote:
    return Vote(user, organisation, agrees=True, reason="Looked at the removals.")


def no(user: str, organisation: str) -> Vote:
    return Vote(user, organisation, agrees=False, reason="It was one shipment.")


ROOTS = roots_with("ana ben max kim confirmer")
VOTES: list[tuple[list[Vote], SanctionEvent, str]] = [
    ([yes("ana", REVIEW_TEAM)], SanctionEvent.AGREE, "one of the review team"),
    (
        [yes("ana", REVIEW_TEAM), yes("ben", REVIEW_TEAM)],
        SanctionEvent.AGREE,
        "two of the review team are one organisation",
    ),
    ([yes("max", PROGRAMME)], SanctionEvent.AGREE, "one of account management"),
    ([yes("ana", REVIEW_TEAM), yes("max", PROGRAMME)], SanctionEvent.CARRY_OUT, "one of each"),
    ([no("ana", REVIEW_TEAM)], SanctionEvent.REFUSE, "one rejection"),
    ([yes("ana", REVIEW_TEAM), no("max", PROGRAMME)], SanctionEvent.REFUSE, "a rejection after an approval"),
    ([yes("ana", REVIEW_TEAM), yes("confirmer", PROGRAMME)], SanctionEvent.AGREE, "a confirmer does not count"),
    ([yes("ana", REVIEW_TEAM), yes("kim", "brn_aurelle")], SanctionEvent.AGREE, "a brand has no vote"),
]


@pytest.mark.parametrize(("votes", "expected", "_why"), VOTES)
def test_votes_lead_to(votes: list[Vote], expected: SanctionEvent, _why: str) -> None:
    assert event_of_votes(votes, {"confirmer"}, ROOTS) is expected


GUESTS: list[tuple[dict[str, str], str]] = [
    ({"max": "ana"}, "one invited the other"),
    ({"max": "ada", "ana": "ada"}, "somebody without a vote invited both"),
    ({"max": "x", "x": "ana"}, "through another account"),
    ({"confirmer": "max"}, "one invited a confirmer"),
    ({"max": "confirmer"}, "a confirmer invited one"),
    ({"max": "ada", "confirmer": "ada"}, "somebody without a vote invited one and a confirmer"),
]


@pytest.mark.parametrize(("hosts", "_why"), GUESTS)
def test_accounts_of_one_person_do_not_agree_as_two(hosts: dict[str, str], _why: str) -> None:
    both = [yes("ana", REVIEW_TEAM), yes("max", PROGRAMME)]
    assert event_of_votes(both, {"confirmer"}, roots_with("ana max confirmer", hosts)) is SanctionEvent.AGREE
    assert event_of_votes(both, {"confirmer"}, roots_with("ana max confirmer ada")) is SanctionEvent.CARRY_OUT


@pytest.mark.parametrize("hosts", [{"confirmer": "ana"}, {"ana": "confirmer"}, {"ana": "ada", "confirmer": "ada"}])
def test_an_account_that_counts_as_a_confirmers_does_not_agree(hosts: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match="count as one person"):
        check_vote([], yes("ana", REVIEW_TEAM), {"confirmer"}, roots_with("ana confirmer", hosts))


ORGANISATIONS = {"ana": REVIEW_TEAM, "ben": REVIEW_TEAM, "max": PROGRAMME}
ABLE: list[tuple[list[Vote], dict[str, str], set[str], str]] = [
    ([], {}, {"ana", "ben", "max"}, "before the first vote, all who have a partner"),
    ([yes("ana", REVIEW_TEAM)], {}, {"max"}, "then somebody of the other organisation"),
    ([yes("max", PROGRAMME)], {}, {"ana", "ben"}, "in either order"),
    ([yes("max", PROGRAMME)], {"ana": "max"}, {"ben"}, "an invitee of the voter is not able"),
    ([], {"max": "confirmer"}, set(), "nobody, where a confirmer invited the only partner"),
    ([yes("max", PROGRAMME)], {"max": "ben", "ana": "ben"}, set(), "nobody, where all are one person's"),
]


@pytest.mark.parametrize(("votes", "hosts", "expected", "_why"), ABLE)
def test_who_can_agree_now(votes: list[Vote], hosts: dict[str, str], expected: set[str], _why: str) -> None:
    assert useful_voters(votes, {"confirmer"}, ORGANISATIONS, roots_with("ana ben max confirmer", hosts)) == expected


def test_a_rejection_by_a_confirmers_inviter_ends_a_sanction() -> None:
    host = roots_with("ana max confirmer", {"confirmer": "ana"})
    check_vote([], no("ana", REVIEW_TEAM), {"confirmer"}, host)
    assert event_of_votes([yes("max", PROGRAMME), no("ana", REVIEW_TEAM)], {"confirmer"}, host) is SanctionEvent.REFUSE
    with pytest.raises(Forbidden, match="You confirmed a removal"):
        check_vote([], no("confirmer", REVIEW_TEAM), {"confirmer"}, host)


def test_a_confirmer_has_no_vote() -> None:
    with pytest.raises(Forbidden, match="You confirmed a removal"):
        check_vote([], yes("ana", REVIEW_TEAM), {"ana"}, {})


def test_a_vote_needs_a_reason_and_is_given_once() -> None:
    with pytest.raises(Invalid, match="Give a reason"):
        check_vote([], Vote("ana", REVIEW_TEAM, agrees=True, reason=" "), set(), {})
    with pytest.raises(Conflict, match="already voted this way"):
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


@pytest.mark.parametrize(("grant", "expected", "_why"), PEOPLE)
def test_the_organisation_that_votes_on_a_sanction_is(grant: Grant, expected: str | None, _why: str) -> None:
    assert organisation_for(Person("usr_1", "Ana", "ana@x.example", (grant,)), PLACE) == expected


@pytest.mark.parametrize("in_force", [set(measures) for measures in product(Measure, repeat=2)] + [set[Measure]()])
def test_the_most_severe_measure_in_force_is_requested(in_force: set[Measure]) -> None:
    expected = {
        frozenset(): SellerAct.RESTORE,
        frozenset({RESTRICT}): SellerAct.RESTRICT,
        frozenset({CLOSE}): SellerAct.SUSPEND,
        frozenset({RESTRICT, CLOSE}): SellerAct.SUSPEND,
    }
    assert act_for(in_force) is expected[frozenset(in_force)]
