"""An account manager's brands and what is open at each, the most urgent first."""

from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.policies.deciding import EnforcementPolicy
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.brands.rules.attention import urgency
from serving.brands.service.managed_brands import attention_of_brands
from serving.brands.store import brands
from serving.cases.store import case_figures
from serving.guards import Manager, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.standing.store import question_steps, standings
from serving.web.brand.standing_part import recorded_badge
from serving.web.rendering import StaffPage, respond
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
_SHOWN: Final = 50


@router.get("/brands")
def get_brands(request: Request, session: Manager) -> HTMLResponse:
    shows_all = request.query_params.get("show") == "all"
    return respond(request, brands_page(runtime_of(request), session, shows_all=shows_all), session)


def brands_page(runtime: Runtime, session: Session, *, shows_all: bool = False) -> StaffPage:
    person, now = session.person, runtime.clock.now()
    marketplace_ids = person.marketplaces(Permission.MANAGE_BRANDS)
    with runtime.store.read() as connection:
        enrolled = {
            (marketplace_id, brand_id): enrolment
            for marketplace_id in marketplace_ids
            for brand_id, enrolment in brands.enrolments(connection, marketplace_id).items()
            if enrolment.account_manager_id == person.user_id
        }
        names = {place: marketplaces.get(connection, place).name for place in marketplace_ids}
        waiting = case_figures.open_questions(connection, enrolled)
        escalated = question_steps.waiting_for_manager(connection, enrolled)
        changes = standings.latest_changes(connection, enrolled)
        brand_needs = attention_of_brands(runtime, connection, person, enrolled, now)
    urgent = sorted(
        enrolled,
        key=lambda pair: (
            urgency(brand_needs[pair]),
            pair not in waiting,
            waiting[pair].oldest_due_at if pair in waiting else now,
        ),
    )
    rows = []
    for pair in urgent if shows_all else urgent[:_SHOWN]:
        questions = waiting.get(pair)
        rows.append(
            SimpleNamespace(
                brand=enrolled[pair].name,
                address=f"/brands/{pair[1]}?at={pair[0]}",
                marketplace=names[pair[0]],
                takes_part=enrolled[pair].takes_part,
                needs=brand_needs[pair],
                standing=recorded_badge(changes.get(pair)),
                open=questions.number if questions else 0,
                escalated=escalated.get(pair, 0),
                oldest=words.due(questions.oldest_due_at, now) if questions else None,
            )
        )
    return StaffPage(
        "brands.html",
        "/brands",
        rows=tuple(rows),
        total=len(urgent),
        open=sum(questions.number for questions in waiting.values()),
        overdue=sum(words.due(questions.oldest_due_at, now).late for questions in waiting.values()),
        several_marketplaces=len(marketplace_ids) > 1,
        answer_within_hours=runtime.policies[EnforcementPolicy].brand_answers_within_hours,
    )
