"""Pictures of listings, each loaded through the service."""

import asyncio
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from features.facts import Facts
from serving.cases.service import notice_evidence
from serving.guards import Judge, TheRuntime
from serving.platform.runtime import Runtime
from serving.web.forms import CaseId

router = APIRouter(include_in_schema=False)
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture's address here, its position from 1, and the number of pictures."""

    address: str
    number: int
    of: int


def shown_pictures(runtime: Runtime, case_id: str, facts: Facts) -> tuple[ShownPicture, ...]:
    """The pictures of a case that are loaded through the service."""
    of = len(facts.listing.image_link or ())
    return tuple(
        ShownPicture(f"/cases/{case_id}/pictures/{number}", number + 1, of)
        for number in notice_evidence.loadable_pictures(runtime, facts)
    )


@router.get("/cases/{case_id}/pictures/{number}")
async def get_picture(case_id: CaseId, number: int, runtime: TheRuntime, session: Judge) -> Response:
    """A picture as its host sends it. Waiting for the host blocks none of the threads that serve pages."""
    address = await run_in_threadpool(notice_evidence.picture_address, runtime, session.person, case_id, number)
    found = notice_evidence.loaded_picture(
        await asyncio.wrap_future(runtime.pictures.loading(address)), case_id, number
    )
    return Response(found.body, media_type=found.media_type, headers=_HEADERS)
