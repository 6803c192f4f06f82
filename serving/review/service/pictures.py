"""The pictures of a listing, for the people who may judge its case."""

from typing import Final

import structlog

from features.facts import Facts
from models.errors import NotFound
from serving.accounts.rules.access import Person
from serving.listings.store import scores
from serving.platform.outbound.line import Failed
from serving.platform.outbound.pictures import Picture
from serving.platform.runtime import Runtime
from serving.review.service.case_access import visible_case

MOST_SHOWN: Final = 6
_log = structlog.get_logger()


def loadable(runtime: Runtime, facts: Facts) -> list[int]:
    """The indices, from 0, of a listing's pictures that may be loaded; empty where no picture host is configured."""
    found = [i for i, address in enumerate(facts.listing.image_link or ()) if runtime.pictures.may_load(address)]
    return found[:MOST_SHOWN]


def address_of(runtime: Runtime, person: Person, case_id: str, number: int) -> str:
    """The address of a picture of a case's listing version.

    Raises NotFound (there is no such case for this person, or no such picture).
    """
    with runtime.store.read() as connection:
        case, _ = visible_case(connection, person, case_id)
        score = scores.get(connection, case.marketplace_id, case.score_id)
        facts = scores.facts_of(connection, case.marketplace_id, score["facts_digest"])
    if number not in loadable(runtime, facts):
        raise NotFound("There is no such picture.")
    return (facts.listing.image_link or ())[number]


def loaded(found: Picture | Failed, case_id: str, number: int) -> Picture:
    """The result of loading a picture. Raises NotFound (the picture could not be loaded; the log has the reason)."""
    if isinstance(found, Failed):
        _log.info("picture.not_loaded", case_id=case_id, number=number, why=found.sentence)
        raise NotFound("This picture cannot be loaded.")
    return found
