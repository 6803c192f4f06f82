"""The set-up of a marketplace for its administrators: six steps, each with its state and the place of its work."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.policies.learning import LabelPolicy
from serving.accounts.rules.access import Permission, Person
from serving.guards import Administrator, TheRuntime
from serving.learning.service.labelling import label_state
from serving.marketplaces.rules import SetupStep
from serving.marketplaces.store.setup_steps import steps_done
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import scope_of
from serving.web.forms import MARKETPLACE
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)


@router.get("/setup")
def get_setup_progress(request: Request, runtime: TheRuntime, session: Administrator) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    with runtime.store.read() as connection:
        done = steps_done(connection, scope.marketplace_id)
        labels = label_state(connection, scope.marketplace_id, runtime.policies[LabelPolicy], runtime.clock.now())
    page = StaffPage(
        "setup_progress.html",
        "/operations",
        scope=scope,
        steps=SetupStep,
        numbers={step: number for number, step in enumerate(SetupStep, 1)},
        done=done,
        next=next((step for step in SetupStep if step not in done), None),
        labels=labels,
        may_review=scope.marketplace_id in session.person.marketplaces(Permission.REVIEW_CASES),
        may_manage=scope.marketplace_id in session.person.marketplaces(Permission.MANAGE_BRANDS),
    )
    return respond(request, page, session)


def unfinished_setup(runtime: Runtime, person: Person) -> str | None:
    """The address of the set-up of a marketplace that the person administers, None where each is set up."""
    marketplace_ids = sorted(person.marketplaces(Permission.ADMINISTER))
    with runtime.store.read() as connection:
        for marketplace_id in marketplace_ids:
            if len(steps_done(connection, marketplace_id)) < len(SetupStep):
                return f"/setup?{urlencode({MARKETPLACE: marketplace_id})}" if len(marketplace_ids) > 1 else "/setup"
    return None
