"""Statements of reasons for the public database: one statement per removal that the marketplace carried out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.errors import Invalid
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.takedowns.rules.public_statement import (
    Restriction,
    TransparencyProfile,
    public_statement,
    transparency_profile,
)
from serving.transparency.store import restrictions
from serving.transparency.store.restrictions import Cursor


@dataclass(slots=True)
class Page:
    """Statements, the reasons for removals without one, the next page's cursor, and the unacknowledged removals."""

    statements: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    after: Cursor | None = None
    outstanding: int = 0


def statements_page(
    runtime: Runtime, marketplace: Marketplace, *, since: datetime, until: datetime, after: Cursor | None, most: int
) -> Page:
    """The statements of removals carried out in [since, until), in that order, at most `most` after a cursor.

    Raises Invalid (the marketplace has no valid transparency profile).
    """
    marketplace_id = marketplace.marketplace_id
    profile = profile_of(runtime, marketplace)
    with runtime.store.read() as connection:
        removals, following = restrictions.restrictions_carried_out(
            connection, marketplace_id, since=since, until=until, after=after, most=most
        )
        return _make_page(removals, profile, following, restrictions.outstanding_count(connection, marketplace_id))


def amendments_page(runtime: Runtime, marketplace: Marketplace, *, since: datetime, until: datetime) -> Page:
    """The current statements of removals carried out before `since` and reversed in [since, until)."""
    profile = profile_of(runtime, marketplace)
    with runtime.store.read() as connection:
        removals = restrictions.restrictions_lifted(connection, marketplace.marketplace_id, since=since, until=until)
        return _make_page(removals, profile, None, 0)


def profile_of(runtime: Runtime, marketplace: Marketplace) -> TransparencyProfile:
    """The marketplace's transparency profile.

    Raises Invalid (the profile is missing or invalid; the message names the problem).
    """
    setting = runtime.settings.transparency.get(marketplace.name)
    if setting is None:
        raise Invalid(
            "{name} has no transparency profile. Set TOUCHSTONE_TRANSPARENCY with its platform name and countries, as "
            "docs/settings.md describes.",
            name=marketplace.name,
        )
    return transparency_profile(setting.platform, setting.territories)


def _make_page(
    removals: list[Restriction], profile: TransparencyProfile, following: Cursor | None, outstanding: int
) -> Page:
    page = Page(after=following, outstanding=outstanding)
    for removal in removals:
        try:
            page.statements.append(public_statement(removal, profile))
        except Invalid as refused:
            page.refused.append(refused.sentence)
    return page
