"""Processes of one database have the same secrets, or do not start."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from serving.audit.tables import audit_entry
from serving.composition import CONTACT_KEY, WEBHOOK_KEY, open_runtime
from serving.platform.database.common_secrets import SecretDiffers, fingerprint
from serving.platform.database.tables import secret_fingerprint
from serving.platform.runtime import Runtime
from serving.platform.sealing import KEY_BYTES
from serving.platform.settings import Settings
from serving.webhooks.service.signing_secrets import seal_under_new_key
from tests.fixtures.clocks import TestClock
from tests.fixtures.runtimes import PopulatedDatabase, Site
from tests.fixtures.two_processes import a_home
from tests.serving.commands.commands import touchstone_in

OTHER = b"another key of at least 32 bytes"


def open_and_close(settings: Settings) -> Runtime:
    """A process on the real database, closed again."""
    runtime = open_runtime(settings, clock=TestClock(), migrated=True)
    runtime.close()
    return runtime


def settings_of(home: Path, database: str, **more: SecretStr) -> Settings:
    return Settings(home=home, database_url=database, **more)  # type: ignore[arg-type]  # settings by name


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (CONTACT_KEY, ("contact key", "TOUCHSTONE_CONTACT_KEY", "contact.key")),
        (WEBHOOK_KEY, ("webhook key", "TOUCHSTONE_WEBHOOK_KEYS", "webhook.key")),
    ],
)
def test_a_process_with_another_secret_is_refused_and_told_which_one(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, file: str, names: tuple[str, ...]
) -> None:
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("same", "other")]
    open_and_close(settings_of(homes[0], database))
    (homes[1] / file).write_bytes(OTHER)
    with pytest.raises(SecretDiffers) as refused:
        open_and_close(settings_of(homes[1], database))
    for name in names:
        assert name in refused.value.sentence
    assert fingerprint(names[0], OTHER)[:12] in refused.value.sentence
    assert OTHER.decode() not in refused.value.sentence
    assert OTHER.hex() not in refused.value.sentence


def test_a_process_without_keys_makes_its_own_and_is_refused(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase
) -> None:
    open_and_close(settings_of(a_home(tmp_path / "first", populated_postgres), database))
    with pytest.raises(SecretDiffers, match="contact key"):
        open_and_close(settings_of(tmp_path / "new", database))


def test_a_key_that_is_set_is_compared_as_one_in_a_file(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase
) -> None:
    known = populated_postgres.keys[WEBHOOK_KEY]
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("one", "two")]
    former, new = (base64.b64encode(key).decode() for key in (known, OTHER))
    open_and_close(settings_of(homes[0], database, webhook_keys=SecretStr(f"{new},{former}")))
    with pytest.raises(SecretDiffers, match="webhook key"):
        open_and_close(settings_of(homes[1], database, webhook_keys=SecretStr(new)))


def test_after_a_new_webhook_key_a_process_needs_it(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase
) -> None:
    homes = [a_home(tmp_path / name, populated_postgres) for name in ("one", "two")]
    runtime = open_runtime(settings_of(homes[0], database), clock=TestClock(), migrated=True)
    seal_under_new_key(runtime)
    runtime.close()
    with pytest.raises(SecretDiffers, match="webhook key"):
        open_and_close(settings_of(homes[1], database))
    (homes[1] / WEBHOOK_KEY).write_bytes((homes[0] / WEBHOOK_KEY).read_bytes()[:KEY_BYTES])
    open_and_close(settings_of(homes[1], database))


def test_after_a_loss_an_operator_accepts_other_keys_which_the_audit_log_records(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path / "one", populated_postgres)
    open_and_close(settings_of(home, database))
    (home / CONTACT_KEY).write_bytes(OTHER)
    monkeypatch.setenv("TOUCHSTONE_DATABASE_URL", database)
    assert "Accepted: contact key." in touchstone_in(home, "accept-secrets", "--reason", "The disk failed.").out
    assert "knows these secrets already" in touchstone_in(home, "accept-secrets", "--reason", "Again.").out
    runtime = open_runtime(settings_of(home, database), clock=TestClock(), migrated=True)
    try:
        with runtime.store.read() as connection:
            acts = connection.execute(select(audit_entry.c.act)).scalars().all()
    finally:
        runtime.close()
    assert acts.count("secrets.accepted") == 1


def test_one_process_on_sqlite_compares_nothing(site: Site) -> None:
    (site.runtime.home.root / CONTACT_KEY).write_bytes(OTHER)
    open_and_close(site.runtime.settings)
    assert site.rows(select(secret_fingerprint)) == []


def test_a_fingerprint_depends_on_the_name_and_the_key() -> None:
    fingerprints = {fingerprint(name, key) for name in ("contact key", "webhook key") for key in (OTHER, b"x" * 32)}
    assert len(fingerprints) == 4
    assert {len(digest) for digest in fingerprints} == {32}
