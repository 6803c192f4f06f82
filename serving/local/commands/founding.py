"""Marketplaces, people, brands and keys."""

from typing import Any

from serving.accounts.rules.access import Role, Scope
from serving.administration.service import founding, reset_links
from serving.local.commands.asking import BY
from serving.local.commands.registry import command
from serving.platform.runtime import Runtime


@command
def add_marketplace(runtime: Runtime, *, name: str, base_currency: str) -> dict[str, Any]:
    """Found a marketplace."""
    found = founding.add_marketplace(runtime, name=name, base_currency=base_currency, by=BY)
    return {"marketplace_id": found.marketplace_id}


@command
def add_person(
    runtime: Runtime,
    *,
    email: str,
    name: str,
    role: str,
    marketplace: str | None = None,
    brand: str | None = None,
    password: str | None = None,
    briefed: bool = False,
    leads: bool = False,
) -> dict[str, Any]:
    """Give somebody an account."""
    person = founding.NewPerson(email, name, Role(role), marketplace, brand, password, briefed, leads)
    user_id, shown = founding.add_person(runtime, person, by=BY)
    return {"user_id": user_id, "password": shown}


@command
def make_reset_link(runtime: Runtime, *, email: str) -> dict[str, Any]:
    """Make a link for somebody who forgot their password."""
    return {"path": reset_links.make_link_as_owner(runtime, email, by=BY)}


@command
def add_brand(runtime: Runtime, *, name: str, aliases: list[str], gtin_prefixes: list[str]) -> dict[str, Any]:
    """Register a brand."""
    found = founding.add_brand(runtime, name=name, aliases=aliases, gtin_prefixes=gtin_prefixes, by=BY)
    return {"brand_id": found.brand_id}


@command
def enrol_brand(
    runtime: Runtime,
    *,
    brand: str,
    account_manager: str | None,
    takes_part: bool,
    marketplace: str | None = None,
    authorised_sellers: list[str] | None = None,
    daily_questions: int | None = None,
    first_phase: bool = True,
) -> dict[str, Any]:
    """Enrol a brand with its account manager and authorised sellers."""
    enrolment = founding.NewEnrolment(
        brand, account_manager, takes_part, marketplace, tuple(authorised_sellers or ()), daily_questions, first_phase
    )
    return {"brand_id": founding.enrol(runtime, enrolment, by=BY)}


@command
def add_key(runtime: Runtime, *, name: str, scopes: list[str], marketplace: str | None = None) -> dict[str, Any]:
    """Make an API key."""
    wanted = [Scope(scope) for scope in scopes]
    return {"key": founding.add_key(runtime, name=name, scopes=wanted, marketplace=marketplace, by=BY)}
