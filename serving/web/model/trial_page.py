"""The forms of a challenger's trial on the model page."""

import re
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Forbidden, Invalid
from serving.accounts.rules.access import Permission
from serving.api.errors import status_of
from serving.guards import Promoter, TheRuntime
from serving.learning.service import trial
from serving.web.at_marketplace import scope_of_form
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_DIGEST, Fields
from serving.web.model.model_page import models_page
from serving.web.model.trial_part import RefusedShare
from serving.web.rendering import respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)
_LONGEST_PERCENT: Final = 10
_PERCENT: Final = re.compile(r"[0-9]{1,2}")


@router.post("/models/trial/start")
def post_start_trial(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    digest = fields.get("digest", "")[:LONGEST_DIGEST]
    trial.start(runtime, scope.chosen, name=digest, share=0.0, by=session.person.actor)
    return go_to(request, scope.at("/models"), Flash.ON_TRIAL)


@router.post("/models/trial")
def post_share(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """Set the share of sellers for which the model on trial decides."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    percent = fields.get("percent", "")
    try:
        if not _PERCENT.fullmatch(percent):
            raise Invalid("The share is not a whole number from 0 to 99, so nothing was changed. Correct it.")
        trial.change_share(runtime, scope.chosen, share=int(percent) / 100, by=session.person.actor)
    except (Invalid, Forbidden) as error:
        refused = RefusedShare(percent[:_LONGEST_PERCENT], refusal_in_words(error))
        page = models_page(runtime, session.person, scope, refused=refused)
        return respond(request, page, session, status=status_of(error))
    return go_to(request, scope.at("/models"), Flash.SHARE_CHANGED)


@router.post("/models/trial/end")
def post_end_trial(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """End the trial, so that the champion decides for all sellers."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    trial.end(runtime, scope.chosen, by=session.person.actor)
    return go_to(request, scope.at("/models"), Flash.TRIAL_ENDED)
