"""The secrets that a person has made, and which of them end with the person's access."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from serving.accounts.policy import SecretPolicy


class SecretKind(StrEnum):
    """What a secret opens."""

    BRAND_KEY = "brand_key"  # Reports listings as its maker.
    KEY = "key"  # Of a marketplace's system.
    ENDPOINT = "endpoint"  # Signs the messages to a marketplace.


@dataclass(frozen=True, slots=True)
class OwnedSecret:
    """A secret in force that a person has made; the name of an endpoint is its address."""

    secret_id: str
    kind: SecretKind
    name: str
    marketplace_id: str
    made_at: datetime


def ends_now(secret: OwnedSecret, now: datetime, policy: SecretPolicy, chosen: Collection[str] | None) -> bool:
    """Whether a secret ends: a brand's key always, another if it is chosen, or without a choice if it is recent."""
    if chosen is not None and secret.kind is not SecretKind.BRAND_KEY:
        return secret.secret_id in chosen
    return secret.kind is SecretKind.BRAND_KEY or secret.made_at >= now - timedelta(days=policy.recent_days)
