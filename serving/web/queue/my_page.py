"""A reviewer's own figures, and the suggestion of a break. Only the reviewer sees them."""

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from serving.accounts.store.accounts import Session
from serving.cases.policy import DEFAULT_PACE, MaskedScorePolicy
from serving.cases.rules.agreement import agreement, of_counts
from serving.cases.rules.assignment import time_since_pause
from serving.cases.rules.masked_score import score_effect
from serving.cases.store import masked_scores, reviewer
from serving.guards import Reviewer, is_secure, runtime_of
from serving.platform import display
from serving.platform.runtime import Runtime
from serving.web.bar_charts import bars
from serving.web.flash import go_to
from serving.web.model.labels_page import COMPARED_DAYS, leaning_card
from serving.web.queue.queue_rail import midnight
from serving.web.rendering import StaffPage, respond
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
DAYS: Final = 14
_MOST_OVERTURNED: Final = 20
_LATER: Final = "touchstone_pace"


@router.get("/queue/me")
def get_me(request: Request, session: Reviewer) -> HTMLResponse:
    """The reader's own figures."""
    return respond(request, my_page(runtime_of(request), session), session)


def my_page(runtime: Runtime, session: Session) -> StaffPage:
    user_id, now = session.person.user_id, runtime.clock.now()
    first, since = midnight(now) - timedelta(days=DAYS - 1), now - timedelta(days=COMPARED_DAYS)
    with runtime.store.read() as connection:
        decided = reviewer.decision_times(connection, user_id, first)
        looks = agreement(reviewer.with_second_reviews(connection, user_id, since))
        known = agreement(reviewer.with_gold_items(connection, user_id, since))
        brands = agreement(reviewer.with_brands(connection, user_id, since))
        appeals = of_counts(*reviewer.appeal_counts(connection, user_id, since))
        answers = masked_scores.first_answer_counts_of(connection, user_id, since)
        gone = reviewer.overturned_removals(connection, user_id, since, _MOST_OVERTURNED)
    zone = display.current_display().zone
    by_day = Counter(decision.decided_at.astimezone(zone).date() for decision in decided)
    days = [(midnight(now) - timedelta(days=DAYS - 1 - i)).date() for i in range(DAYS)]
    numbers = [by_day.get(day, 0) for day in days]
    taken = [(decision.decided_at - decision.opened_at).total_seconds() for decision in decided]
    return StaffPage(
        "me.html",
        "/queue",
        days=DAYS,
        compared_days=COMPARED_DAYS,
        decided=len(decided),
        today=numbers[-1],
        chart=bars(
            numbers,
            f"Cases decided per day, last {DAYS} days: {', '.join(map(str, numbers))}.",
            first=words.day(first, now),
            last="today",
        ),
        median=median(taken) if taken else None,
        agreements={
            "Second reviews, by you and of your cases": looks,
            "Gold items": known,
            "Later decisions by brands": brands,
            "Appeals that upheld your decision": appeals,
        },
        leaning=leaning_card(
            score_effect(*answers), masked_share=runtime.policies[MaskedScorePolicy].share, is_own=True
        ),
        overturned=gone,
    )


def pause_suggested(request: Request, runtime: Runtime, session: Session) -> str | None:
    """How long the reviewer has worked without a break, in words; None if that is short or they dismissed it."""
    if _LATER in request.cookies:
        return None
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        answers = reviewer.answer_times(connection, session.person.user_id, now - timedelta(hours=12))
    working_time = time_since_pause(answers, now, DEFAULT_PACE)
    return None if working_time is None else words.duration(working_time.total_seconds())


@router.post("/queue/pause-later")
def post_later(request: Request, _session: Reviewer) -> Response:
    """Dismiss the suggestion for one work period."""
    response = go_to(request, "/queue")
    seconds = int(DEFAULT_PACE.pause_after.total_seconds())
    response.set_cookie(
        _LATER, "later", max_age=seconds, httponly=True, samesite="strict", secure=is_secure(runtime_of(request))
    )
    return response
