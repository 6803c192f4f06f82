"""Signing secrets are sealed in the database, under keys that it does not hold and that a command renews."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Invalid
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.commands.webhooks import rotate_webhook_key
from serving.composition import WEBHOOK_KEY, open_runtime
from serving.platform.home import Home
from serving.platform.runtime import Runtime
from serving.platform.sealing import KEY_BYTES, KeyFile, Keys, Sealer, UnsealableSecret
from serving.takedowns.store import actions
from serving.webhooks.service.signing_secrets import seal_under_new_key, signing_secrets
from serving.webhooks.store import endpoints
from serving.webhooks.tables import webhook_endpoint
from tests.fixtures.receivers import deliver, mark_endpoint_proven
from tests.fixtures.reporting import a_marketplace_that_listens
from tests.fixtures.runtimes import Site, a_case, judge

pytestmark = pytest.mark.attack

URL = "https://93.184.216.34/hooks"


def register(site: Site) -> str:
    return provisioning.register_webhook(
        site.runtime, url=URL, allow_loopback=False, marketplace=None, secret=None, by="test"
    )


def secrets_of(runtime: Runtime, site: Site) -> tuple[str, ...]:
    with runtime.store.read() as connection:
        endpoint = endpoints.endpoint_in_force(connection, site.marketplace_id)
    assert endpoint is not None
    return signing_secrets(runtime, endpoint, site.clock.now())


def stored_secrets(site: Site) -> list[str]:
    columns = webhook_endpoint.c.secret, webhook_endpoint.c.previous_secret
    return [secret for row in site.rows(select(*columns)) for secret in row if secret is not None]


def reopened_runtime(site: Site, **settings: object) -> Runtime:
    """Another process on the same database and directory."""
    return open_runtime(site.runtime.settings.model_copy(update=settings), clock=site.clock, migrated=True)


def test_no_signing_secret_can_be_read_from_the_database(any_site: Site) -> None:
    first = register(any_site)
    second = provisioning.rotate_secret(any_site.runtime, overlap_hours=24, marketplace=None, secret=None, by="test")
    with pytest.raises(Invalid, match="the current secret"):
        provisioning.rotate_secret(any_site.runtime, overlap_hours=0, marketplace=None, secret=second, by="test")
    assert secrets_of(any_site.runtime, any_site) == (second, first)
    assert len(stored_secrets(any_site)) == 2
    assert not any("whsec_" in secret for secret in stored_secrets(any_site))
    for path in any_site.runtime.home.root.glob("touchstone.sqlite*"):
        assert not any(secret.removeprefix("whsec_").encode() in path.read_bytes() for secret in (first, second))


def test_the_key_lies_in_the_directory_for_its_owner_alone(site: Site) -> None:
    path = site.runtime.home.root / WEBHOOK_KEY
    assert (len(path.read_bytes()), path.stat().st_mode & 0o777) == (KEY_BYTES, 0o600)


def test_a_new_key_seals_every_secret_and_changes_none(any_site: Site) -> None:
    secret, path = register(any_site), any_site.runtime.home.root / WEBHOOK_KEY
    sealed, keys = stored_secrets(any_site), path.read_bytes()
    assert seal_under_new_key(any_site.runtime) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes()[KEY_BYTES:] == keys
    assert stored_secrets(any_site) != sealed
    assert secrets_of(any_site.runtime, any_site) == (secret,)
    path.write_bytes(path.read_bytes()[:KEY_BYTES])
    runtime = reopened_runtime(any_site)
    try:
        assert secrets_of(runtime, any_site) == (secret,), "the key before is of no use any longer"
    finally:
        runtime.close()


def test_of_three_keys_the_oldest_is_dropped(site: Site) -> None:
    path = site.runtime.home.root / WEBHOOK_KEY
    seal_under_new_key(site.runtime)
    second = path.read_bytes()[:KEY_BYTES]
    seal_under_new_key(site.runtime)
    assert len(path.read_bytes()) == 2 * KEY_BYTES
    assert path.read_bytes().endswith(second)


def test_several_directories_share_the_keys_that_the_operator_sets(any_site: Site) -> None:
    known = (any_site.runtime.home.root / WEBHOOK_KEY).read_bytes()
    keys = [base64.b64encode(key).decode() for key in (known, bytes([1]) * KEY_BYTES)]
    first_runtime = reopened_runtime(any_site, webhook_keys=SecretStr(keys[0]))
    secret = provisioning.register_webhook(
        first_runtime, url=URL, allow_loopback=False, marketplace=None, secret=None, by="test"
    )
    first_runtime.close()
    other = reopened_runtime(any_site, webhook_keys=SecretStr(f"{keys[1]}, {keys[0]}"))
    assert secrets_of(other, any_site) == (secret,)
    assert seal_under_new_key(other) == 1
    other.close()
    last = reopened_runtime(any_site, webhook_keys=SecretStr(keys[1]))
    assert secrets_of(last, any_site) == (secret,)
    last.close()


@pytest.mark.parametrize("keys", ["short", "", "!" * 44, base64.b64encode(b"x" * 31).decode()])
def test_a_key_that_is_set_wrongly_keeps_the_service_from_starting(site: Site, keys: str) -> None:
    with pytest.raises(Invalid, match="32 random bytes in base64"):
        reopened_runtime(site, webhook_keys=SecretStr(keys))


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_key_file_keeps_the_service_from_starting(site: Site, content: bytes) -> None:
    (site.runtime.home.root / WEBHOOK_KEY).write_bytes(content)
    with pytest.raises(UnsealableSecret, match=r"webhook\.key in the data directory is damaged"):
        reopened_runtime(site)


def test_without_its_key_a_delivery_fails_and_says_why(site: Site) -> None:
    with a_marketplace_that_listens(site) as receiver:
        mark_endpoint_proven(site)
        action = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
        assert action is not None
        site.clock.forward(seconds=180)
        (site.runtime.home.root / WEBHOOK_KEY).write_bytes(b"x" * KEY_BYTES)
        runtime = reopened_runtime(site)
        try:
            assert deliver(runtime, site.marketplace_id, action.action_id) == "failed"
            with runtime.store.read() as connection:
                error = actions.get(connection, site.marketplace_id, action.action_id).last_error
        finally:
            runtime.close()
        assert error == "A stored secret cannot be read with the keys of this process."
        assert receiver.deliveries == []


class _InMemory:
    def __init__(self) -> None:
        self.keys: tuple[bytes, ...] = (b"a" * KEY_BYTES,)

    def read(self) -> tuple[bytes, ...]:
        return self.keys

    def renew(self) -> tuple[bytes, ...]:
        self.keys = (bytes([self.keys[0][0] + 1]) * KEY_BYTES, *self.keys)[:2]
        return self.keys


@given(st.text(max_size=200), st.integers(0, 500))
def test_what_is_sealed_opens_as_it_was_and_not_after_a_change(secret: str, position: int) -> None:
    keys: Keys = _InMemory()
    sealer = Sealer(keys)
    sealed = sealer.seal(secret)
    assert sealer.open(sealed) == secret
    assert secret not in sealed or len(secret) < 5
    changed = bytearray(base64.urlsafe_b64decode(sealed))
    changed[position % len(changed)] ^= 1
    with pytest.raises(UnsealableSecret):
        sealer.open(base64.urlsafe_b64encode(changed).decode())
    sealer.renew()
    assert sealer.open(sealed) == secret
    sealer.renew()
    with pytest.raises(UnsealableSecret):
        sealer.open(sealed)


def test_a_key_file_is_made_once(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    assert KeyFile(home, "a.key").read() == KeyFile(home, "a.key").read()


def test_the_command_renews_the_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    register(site)
    monkeypatch.setenv("TOUCHSTONE_HOME", str(site.runtime.home.root))
    assert rotate_webhook_key() == "The secrets of 1 endpoints are sealed under the key now in force."
