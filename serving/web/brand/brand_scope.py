"""The brand and marketplace of a page, and the forms about a brand. Most people represent one and need not choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from models.errors import DomainError, require
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.brands.service.brand_file import objection, require_lead
from serving.brands.service.rights_sharing import Places, places_led
from serving.brands.store import brands
from serving.guards import may, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.web.forms import LONGEST_ID
from serving.web.rendering import Page, respond
from serving.web.wording.translated import phrase_in_words, refusal_in_words

FIELD: Final = "of"


@dataclass(frozen=True, slots=True)
class ScopeLink:
    """A brand that the person represents, as an address of the same page."""

    name: str
    value: str
    current: bool


@dataclass(frozen=True, slots=True)
class BrandScope:
    """A brand at a marketplace: its names, its form value, and the reason if the reader may not change it.

    `others` are the marketplaces with which the reader may share what the brand has on file here.
    """

    pair: Pair
    brand: str
    marketplace: str
    value: str
    why_not: str | None
    choices: tuple[ScopeLink, ...]
    others: Places

    @property
    def query(self) -> str:
        """The query that addresses about the same brand end with; empty if the person represents one brand."""
        return f"?{FIELD}={self.value}" if len(self.choices) > 1 else ""


@dataclass(frozen=True, slots=True)
class AboutBrand(Page, place="/brand/dashboard"):
    """The base of every page about a brand's data: the brand and the marketplace."""

    scope: BrandScope


def scope_of(connection: Connection, person: Person, fields: Mapping[str, str]) -> BrandScope:
    """The brand that an address or form names, or the first that the person represents.

    Raises NotFound (they represent no brand, or not this one).
    """
    pairs = person.brands(Permission.ANSWER_QUESTIONS)
    places = {place: marketplaces.get(connection, place).name for place in {place for place, _ in pairs}}
    names = {
        (place, brand_id): brand.name
        for place in places
        for brand_id, brand in brands.enrolments(connection, place).items()
        if (place, brand_id) in pairs
    }
    order = sorted(names, key=lambda pair: (names[pair], places[pair[0]], pair))
    choice = fields.get(FIELD)
    chosen = require(
        next((pair for pair in order if choice in {None, _form_value(pair)}), None), "There is no such brand."
    )
    several, why_not = len(places) > 1, objection(connection, person, chosen)
    return BrandScope(
        pair=chosen,
        brand=names[chosen],
        marketplace=places[chosen[0]],
        value=_form_value(chosen),
        why_not=None if why_not is None else phrase_in_words(why_not),
        choices=tuple(
            ScopeLink(
                f"{names[pair]}, {places[pair[0]]}" if several else names[pair],
                _form_value(pair),
                current=pair == chosen,
            )
            for pair in order
        ),
        others=places_led(connection, person, chosen),
    )


def scope_to_change(connection: Connection, person: Person, fields: Mapping[str, str]) -> tuple[BrandScope, str]:
    """The brand of a form and the sender's name in the audit log, if they may change it.

    Raises NotFound, Forbidden (they do not represent it; they may not change its data).
    """
    scope = scope_of(connection, person, fields)
    return scope, require_lead(connection, person, scope.pair)


def _form_value(pair: Pair) -> str:
    return ".".join(pair)


Uploader = Annotated[Session, may(Permission.ANSWER_QUESTIONS, files=1, translated=True)]


def share_target(fields: Mapping[str, str]) -> str:
    """The id of the marketplace with which a form shares something."""
    return fields.get("with", "")[:LONGEST_ID]


class PageBuilder(Protocol):
    """Builds the page from the typed values and the reason for the refusal."""

    def __call__(self, runtime: Runtime, session: Session, fields: Mapping[str, str], /, *, error: str | None) -> Page:
        """The page."""


def refusal_page(
    request: Request, session: Session, fields: Mapping[str, str], refused: DomainError, page: PageBuilder
) -> Response:
    """The page again, with the reason for the refusal and the typed values.

    Raises NotFound (the person does not represent the brand of the form).
    """
    refused_page = page(runtime_of(request), session, fields, error=refusal_in_words(refused))
    return respond(request, refused_page, session, status=status_of(refused))
