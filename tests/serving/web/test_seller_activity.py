"""How a matter has gone and can go on, by the rules that hold for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState, Party
from serving.appeals.store.counter_notices import CounterNotice, StoredStep
from serving.web.case.seller_activity import deadline, timeline, what_comes

TOLD_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)  # A Monday.
_S, _E = CounterNoticeState, CounterNoticeEvent
IF_RIGHT = "If your answer is upheld, the listing is reinstated and the removal does not count against you."


def a_counter_notice(profile: str = "alibaba_like", **changes: object) -> CounterNotice:
    found = CounterNotice(
        marketplace_id="mkt_1",
        counter_notice_id="cnt_1",
        action_id="act_1",
        listing_id="lst_1",
        brand_id="brd_1",
        profile=profile,
        country=None,
        state=_S.WITH_SELLER,
        round=1,
        revision=1,
        informed_at=TOLD_AT,
        due_at=datetime(2026, 3, 6, 12, tzinfo=UTC),
        first_answered_at=None,
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # fields of the record


def a_step(event: CounterNoticeEvent, party: Party, text: str | None, hours: int) -> StoredStep:
    return StoredStep(1, 1, party, event, _S.WITH_RIGHTS_HOLDER, text, TOLD_AT + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (None, ()),  # The seller has not been told yet.
        (
            a_counter_notice(),
            (
                (
                    "If you answer, the rights holder has 4 business days to reply. If it does not reply, your "
                    "listing is reinstated."
                ),
                "If it maintains the removal, you can answer again.",
                IF_RIGHT,
            ),
        ),
        (
            a_counter_notice(round=3),  # The last round: a later one gives other days, and a person comes next.
            (
                (
                    "If you answer, the rights holder has 7 business days to reply. If it does not reply, your "
                    "listing is reinstated."
                ),
                "If it maintains the removal, a person who did not make the original decision decides.",
                IF_RIGHT,
            ),
        ),
        (
            a_counter_notice(state=_S.WITH_RIGHTS_HOLDER),
            ("If it maintains the removal, you can answer again.", IF_RIGHT),
        ),
        (  # Nobody asks the rights holder there.
            a_counter_notice("dsa"),
            ("If you answer, a marketplace reviewer who did not make the original decision reads it.", IF_RIGHT),
        ),
        (a_counter_notice(state=_S.WITH_REVIEWER), ()),  # What follows is one person's to say.
        (a_counter_notice(state=_S.UPHELD), ()),
        (a_counter_notice(state=_S.LAPSED), ()),
    ],
)
def test_what_comes_next_is_what_the_rules_say(found: CounterNotice | None, lines: tuple[str, ...]) -> None:
    assert what_comes(found) == lines


@pytest.mark.parametrize("profile", ["dmca_like", "china_article_43"])
def test_where_reasons_are_not_enough_a_seller_reads_that_a_court_is(profile: str) -> None:
    assert "The removal continues only if the rights holder goes to court." in what_comes(a_counter_notice(profile))


def test_everything_that_happened_stands_in_the_order_of_its_time() -> None:
    steps = [
        a_step(_E.SUBMIT, Party.SELLER, "They are genuine.", 5),
        a_step(_E.MAINTAIN, Party.RIGHTS_HOLDER, "They are not.", 30),
        a_step(_E.PASS_DEADLINE, Party.CLOCK, None, 90),
    ]
    found = timeline(a_counter_notice(), steps, [])
    assert [one.what for one in found] == [
        "The marketplace removed the listing and told you.",
        "You answered.",
        "The rights holder maintains the removal.",
        "The time to answer passed.",
    ]
    assert [one.when for one in found][:2] == ["2 March 2026, 09:00 UTC", "2 March 2026, 14:00 UTC"]
    assert [one.is_sellers for one in found] == [False, True, False, False]
    assert [one.text is not None for one in found] == [False, True, True, False]
    assert timeline(None, [], []) == ()


@pytest.mark.parametrize(
    ("now", "left", "soon", "begun"),
    [
        (TOLD_AT, "4 days left", False, [False, False, False]),
        (TOLD_AT + timedelta(days=2), "2 days left", False, [True, True, False]),
        (datetime(2026, 3, 6, 10, 30, tzinfo=UTC), "1 hour left", True, [True, True, True]),
        (datetime(2026, 3, 6, 12, tzinfo=UTC), "The deadline has passed.", True, [True, True, True]),
    ],
)
def test_a_deadline_says_what_is_left_and_never_more(now: datetime, left: str, soon: bool, begun: list[bool]) -> None:
    found = deadline(a_counter_notice(), [], now)
    assert found is not None
    assert (found.at, found.time) == ("Friday, 6 March 2026", "12:00 UTC")
    assert (found.left, found.soon) == (left, soon)
    assert [day.name for day in found.days] == ["Tue 3", "Wed 4", "Thu 5"]
    assert [day.begun for day in found.days] == begun
    assert found.days_in_words == "Tue 3, Wed 4 and Thu 5"


def test_a_deadline_of_months_draws_no_days_and_none_is_drawn_where_none_runs() -> None:
    found = deadline(a_counter_notice("dsa", due_at=datetime(2026, 9, 3, 12, tzinfo=UTC)), [], TOLD_AT)
    assert found is not None
    assert found.days == ()
    assert deadline(a_counter_notice(due_at=None), [], TOLD_AT) is None
    assert deadline(None, [], TOLD_AT) is None
