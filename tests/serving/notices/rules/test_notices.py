import pytest

from models.errors import Conflict, DomainError, Invalid
from models.verdict import Judgement, Outcome
from serving.notices.policy import DEFAULT_NOTICES
from serving.notices.rules.notice_counts import TooManyNotices, check_network, check_number, check_size
from serving.notices.rules.notices import (
    Draft,
    Element,
    ItemState,
    NoticeOutcome,
    ReporterKind,
    check_lengths,
    missing_elements,
    next_state,
    outcome_of,
    place_in_queue,
    possible_ids,
    was_founded,
)

J, K = Judgement, ReporterKind
COMPLETE = {
    "explanation": "The stitching and the zip are not ours, and the seal is a copy of one from 2019.",
    "locations": ("MP-9",),
    "name": "Anna Berg",
    "email": "anna@example.org",
    "good_faith": True,
    "reason_code": "trademark_counterfeit",
}


def a_draft(**changes: object) -> Draft:
    return Draft(**{**COMPLETE, **changes})  # type: ignore[arg-type]  # the values are those of the fields


def test_a_notice_with_the_four_elements_lacks_nothing() -> None:
    assert missing_elements(a_draft()) == {}


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        pytest.param({"explanation": "It is a fake."}, {Element.EXPLANATION}, id="three words substantiate nothing"),
        pytest.param({"explanation": "   " * 20}, {Element.EXPLANATION}, id="blanks are no explanation"),
        pytest.param({"locations": ()}, {Element.LOCATIONS}, id="no place"),
        pytest.param({"locations": (" ", "")}, {Element.LOCATIONS}, id="empty places"),
        pytest.param({"name": " "}, {Element.NAME}, id="no name"),
        pytest.param({"email": ""}, {Element.EMAIL}, id="no address to answer to"),
        pytest.param({"email": "anna at example.org"}, {Element.EMAIL}, id="an address that is none"),
        pytest.param({"email": "anna@localhost"}, {Element.EMAIL}, id="an address without a domain"),
        pytest.param({"good_faith": False}, {Element.GOOD_FAITH}, id="no statement of good faith"),
        pytest.param({"reason_code": "ugly"}, {Element.REASON_CODE}, id="a reason that we do not know"),
        pytest.param(
            {"explanation": "", "locations": (), "name": "", "email": "", "good_faith": False, "reason_code": ""},
            set(Element),
            id="all are named at once",
        ),
    ],
)
def test_each_element_of_article_16_that_a_notice_lacks_is_named(
    changes: dict[str, object], lacking: set[Element]
) -> None:
    assert set(missing_elements(a_draft(**changes))) == lacking


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"explanation": "x" * 5_001}, "An explanation can have at most 5,000"),
        ({"name": "x" * 201}, "A name can have at most 200"),
        ({"name": "Anna\nBcc: all@example.org"}, "A name must be one line"),
        ({"email": "anna\u202e@example.org"}, "An e-mail address must be one line"),
        ({"locations": ("x" * 2_001,)}, "The address of a listing can have at most 2,000"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(Invalid, match=expected):
        check_lengths(a_draft(**changes))


@pytest.mark.parametrize(
    ("kind", "listings", "today", "network", "this_hour", "refused"),
    [
        pytest.param(K.UNREGISTERED, 10, 0, 0, 0, None, id="ten listings"),
        pytest.param(K.UNREGISTERED, 11, 0, 0, 0, Invalid, id="eleven of somebody who is not registered"),
        pytest.param(K.REGISTERED, 300, 900, 900, 0, None, id="registered, three hundred, and no limit a day"),
        pytest.param(K.TRUSTED_FLAGGER, 301, 0, 0, 0, Invalid, id="more than anybody may"),
        pytest.param(K.UNREGISTERED, 10, 20, 0, 0, None, id="the thirtieth of the day"),
        pytest.param(K.UNREGISTERED, 10, 21, 0, 0, TooManyNotices, id="the thirty-first of the day"),
        pytest.param(K.UNREGISTERED, 10, 0, 290, 0, None, id="the three hundredth of a network"),
        pytest.param(K.UNREGISTERED, 10, 0, 291, 0, TooManyNotices, id="the next of a network"),
        pytest.param(K.UNREGISTERED, 1, 0, 0, 599, None, id="the last of an hour's flood"),
        pytest.param(K.UNREGISTERED, 1, 0, 0, 600, TooManyNotices, id="one more"),
        pytest.param(K.BRAND, 1, 0, 0, 600, None, id="a flood of strangers keeps no brand out"),
    ],
)
def test_how_many_listings_are_taken_at_once(
    kind: ReporterKind, listings: int, today: int, network: int, this_hour: int, refused: type[DomainError] | None
) -> None:
    def check() -> None:
        check_size(listings, kind=kind, policy=DEFAULT_NOTICES)
        if kind is K.UNREGISTERED:
            check_network(listings, network, DEFAULT_NOTICES)
            check_number(listings, today=today, this_hour=this_hour, policy=DEFAULT_NOTICES)

    if refused is None:
        check()
    else:
        with pytest.raises(refused):
            check()


def test_trusted_flaggers_come_first_then_brands_in_good_standing_then_harm_then_the_doubted() -> None:
    def priority(kind: ReporterKind, *, good: bool = False, doubted: bool = False, harm: float = 10.0) -> float:
        return place_in_queue(kind, good_standing=good, doubted=doubted, harm=harm, policy=DEFAULT_NOTICES).priority

    order = [
        1e12,  # A seller's appeal.
        priority(K.TRUSTED_FLAGGER, harm=1e15),
        priority(K.TRUSTED_FLAGGER, harm=1.0),
        priority(K.BRAND, good=True, harm=1e15),
        priority(K.BRAND, good=True, harm=1.0),
        priority(K.UNREGISTERED, harm=1e15),
        priority(K.BRAND, good=False, harm=900.0),
        priority(K.REGISTERED, harm=800.0),
        priority(K.UNREGISTERED, doubted=True, harm=1e15),
    ]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == len(order)


@pytest.mark.parametrize(
    ("kind", "good", "hours"),
    [(K.TRUSTED_FLAGGER, False, 24), (K.BRAND, True, 24), (K.BRAND, False, 72), (K.UNREGISTERED, True, 72)],
)
def test_good_standing_is_decided_in_a_day_and_others_in_three(kind: ReporterKind, good: bool, hours: int) -> None:
    assert (
        place_in_queue(kind, good_standing=good, doubted=False, harm=1.0, policy=DEFAULT_NOTICES).within_hours == hours
    )


@pytest.mark.parametrize("state", ItemState)
@pytest.mark.parametrize("decided", [True, False])
def test_only_what_waits_is_decided_and_only_what_was_decided_waits_again(state: ItemState, decided: bool) -> None:
    allowed = {(ItemState.WAITING, True): ItemState.DECIDED, (ItemState.DECIDED, False): ItemState.WAITING}
    if (state, decided) in allowed:
        assert next_state(state, decided=decided) is allowed[state, decided]
    else:
        with pytest.raises(Conflict):
            next_state(state, decided=decided)


def test_a_removal_answers_a_notice_with_yes_and_all_else_with_no() -> None:
    assert {outcome: outcome_of(outcome, removal_stands=False) for outcome in Outcome} == {
        Outcome.REMOVE: NoticeOutcome.REMOVED,
        Outcome.NONE: NoticeOutcome.NO_ACTION,
        Outcome.REINSTATE: NoticeOutcome.NO_ACTION,
    }
    assert outcome_of(Outcome.NONE, removal_stands=True) is NoticeOutcome.REMOVED


@pytest.mark.parametrize(
    ("judgement", "overturned", "founded"),
    [
        pytest.param(J.COUNTERFEIT, False, True, id="it was a counterfeit"),
        pytest.param(J.COUNTERFEIT, True, False, id="and was given back"),
        pytest.param(J.GENUINE, False, False, id="genuine goods"),
        pytest.param(J.LICENSED, False, False, id="a licensee's goods"),
        pytest.param(J.GREY_MARKET, False, None, id="genuine in the wrong channel: nobody's fault"),
        pytest.param(J.CANNOT_TELL, False, None, id="nobody could tell"),
        pytest.param(J.NEEDS_TEST_BUY, False, None, id="nobody could tell without the goods"),
        pytest.param(J.WITHDRAWN, False, None, id="undone"),
    ],
)
def test_what_counts_for_a_reporter(judgement: Judgement, overturned: bool, founded: bool | None) -> None:
    assert was_founded(judgement, overturned=overturned) is founded


@pytest.mark.parametrize("judgement", [None, *J])
def test_an_invalid_notice_is_unfounded_whoever_judged_the_listing(judgement: Judgement | None) -> None:
    assert was_founded(judgement, overturned=False, invalid=True) is False
    assert was_founded(None, overturned=False) is None


@pytest.mark.parametrize(
    ("location", "names"),
    [
        ("MP-9", ("MP-9",)),
        (" MP/9 ", ("MP/9",)),
        ("https://bazaar.example/item/MP-9", ("https://bazaar.example/item/MP-9", "bazaar.example", "item", "MP-9")),
        (
            "https://bazaar.example/?id=MP-9#x",
            ("https://bazaar.example/?id=MP-9#x", "bazaar.example", "id", "MP-9", "x"),
        ),
        ("  ", ()),
    ],
)
def test_the_parts_of_an_address_that_may_be_a_listings_id(location: str, names: tuple[str, ...]) -> None:
    assert possible_ids(location) == names
