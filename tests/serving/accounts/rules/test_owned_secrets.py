from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest

from serving.accounts.policy import DEFAULT_SECRETS
from serving.accounts.rules.owned_secrets import OwnedSecret, SecretKind, ends_now

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLE = [
    (SecretKind.BRAND_KEY, 300, None, True, "a key that acts for its maker always ends"),
    (SecretKind.KEY, 7, None, True, "a thief made it within the last seven days"),
    (SecretKind.KEY, 7.01, None, False, "systems use it; an administrator is asked"),
    (SecretKind.ENDPOINT, 8, None, False, "deliveries go on until somebody decides"),
    (SecretKind.KEY, 0, (), False, "its owner has removed the tick"),
    (SecretKind.KEY, 300, ("own",), True, "its owner has ticked it"),
]


@pytest.mark.parametrize(("kind", "days", "chosen", "ends", "_why"), TABLE)
def test_what_ends_with_the_access_of_its_maker(
    kind: SecretKind, days: float, chosen: Collection[str] | None, ends: bool, _why: str
) -> None:
    secret = OwnedSecret("own", kind, "Feed", "mkt_1", NOW - timedelta(days=days))
    assert ends_now(secret, NOW, DEFAULT_SECRETS, chosen) is ends
