"""Access control: roles, permissions, and the grants that tie them to a marketplace or a brand.

The secrets that a person has made, and which of them end with the person's access.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from serving.accounts.policy import SecretPolicy

LOCAL: Final = "local"  # The actor of commands that the operator of the data directory runs without naming a person.


class Role(StrEnum):
    """The role of a person."""

    ANALYST = "analyst"
    BRAND = "brand"
    ACCOUNT_MANAGER = "account_manager"
    DATA_SCIENTIST = "data_scientist"
    ADMIN = "admin"


# Until there are colleagues, the first administrator does all; what needs two people still needs a second account.
FIRST_ROLES: Final = (Role.ANALYST, Role.ACCOUNT_MANAGER, Role.DATA_SCIENTIST)


class Permission(StrEnum):
    """One thing that can be done."""

    REVIEW_CASES = "review_cases"
    ANSWER_QUESTIONS = "answer_questions"
    LEAD_BRAND = "lead_brand"  # Change what the brand has on file here.
    MANAGE_BRANDS = "manage_brands"
    SEE_MODELS = "see_models"
    TRAIN_MODELS = "train_models"
    PROMOTE_MODELS = "promote_models"
    FREEZE_GOLDEN_SETS = "freeze_golden_sets"
    SEE_OPERATIONS = "see_operations"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """The permissions of a marketplace's API key."""

    INTAKE = "intake"
    SCORE = "score"  # Ask for a score without keeping the listing.
    ENDPOINTS = "endpoints"  # Set the webhook endpoints; a key with this permission can read every takedown.
    BACKFILL = "backfill"  # Set the known time of a row to the time of its event, to import history.
    CLOCK = "clock"  # Move the simulated clock; never honoured in production.
    TRAIN = "train"  # Start a training and follow it; its candidate waits for people.


_PERMISSIONS: Final = {
    Role.ANALYST: frozenset({Permission.REVIEW_CASES, Permission.SEE_MODELS, Permission.SEE_OPERATIONS}),
    Role.BRAND: frozenset({Permission.ANSWER_QUESTIONS}),
    Role.ACCOUNT_MANAGER: frozenset({Permission.MANAGE_BRANDS}),
    Role.DATA_SCIENTIST: frozenset(
        {Permission.SEE_MODELS, Permission.TRAIN_MODELS, Permission.PROMOTE_MODELS, Permission.SEE_OPERATIONS}
    ),
    # A person who retrains does not choose the measure: another role freezes golden sets (ADR 17).
    Role.ADMIN: frozenset(
        {
            Permission.ADMINISTER,
            Permission.SEE_MODELS,
            Permission.PROMOTE_MODELS,
            Permission.FREEZE_GOLDEN_SETS,
            Permission.SEE_OPERATIONS,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one marketplace; the grant of a brand user also names the brand.

    `leads` is set where the marketplace has given a brand user the right to change what the brand has on file.
    """

    role: Role
    marketplace_id: str
    brand_id: str | None = None
    leads: bool = False

    def carries(self, permission: Permission) -> bool:
        """Whether the grant lets its holder do this."""
        leads = self.leads and self.role is Role.BRAND and permission is Permission.LEAD_BRAND
        return leads or permission in _PERMISSIONS[self.role]


@dataclass(frozen=True, slots=True)
class Secret:
    """What a request proved itself by: `session:` with the hash of its token, or `key:` with its id.

    `known_since` is when the account was first used in this browser, or a person first released a report by the key;
    None where the browser does not carry our mark, or the key's network is new.
    """

    name: str
    known_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in, with their grants; `secret` is None where the service acts later for them."""

    user_id: str
    name: str
    email: str
    grants: tuple[Grant, ...]
    secret: Secret | None = field(default=None, compare=False)

    @property
    def actor(self) -> str:
        """The person as the audit log names them."""
        return f"user:{self.user_id}"

    def may(self, permission: Permission) -> bool:
        """Whether any grant carries the permission; the data is narrowed by `marketplaces` and `brands`."""
        return any(grant.carries(permission) for grant in self.grants)

    def marketplaces(self, permission: Permission) -> frozenset[str]:
        return frozenset(g.marketplace_id for g in self.grants if g.carries(permission))

    def brands(self, permission: Permission) -> frozenset[tuple[str, str]]:
        """(marketplace, brand) pairs for which the permission holds."""
        return frozenset(
            (g.marketplace_id, g.brand_id) for g in self.grants if g.brand_id is not None and g.carries(permission)
        )


def roles(grants: Iterable[Grant]) -> tuple[Role, ...]:
    """The roles in the order of the enumeration, each once."""
    current_roles = {grant.role for grant in grants}
    return tuple(role for role in Role if role in current_roles)


class SecretKind(StrEnum):
    """What a secret opens."""

    SERVICE_ACCOUNT = "service_account"  # Signs reports for a brand, which names the person as one of two.
    KEY = "key"  # Of a marketplace's system.
    ENDPOINT = "endpoint"  # Signs the messages to a marketplace.


@dataclass(frozen=True, slots=True)
class OwnedSecret:
    """A secret in force that a person has made, or a service account that names them.

    The name of an endpoint is its address.
    """

    secret_id: str
    kind: SecretKind
    name: str
    marketplace_id: str
    made_at: datetime


def must_end(secret: OwnedSecret, now: datetime, policy: SecretPolicy, chosen: Collection[str] | None) -> bool:
    """Whether a secret ends: if it is chosen, or without a choice if it is recent.

    A service account is the brand's: without a choice it waits for another person in this one's place instead.
    """
    if chosen is not None:
        return secret.secret_id in chosen
    return secret.kind is not SecretKind.SERVICE_ACCOUNT and secret.made_at >= now - timedelta(days=policy.recent_days)
