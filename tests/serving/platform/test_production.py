"""Production mode starts with a public https address and drawn secrets, or not at all."""

import base64
import os
import secrets
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from serving.platform.production import check_production, is_weak_secret
from serving.platform.settings import Settings

pytestmark = pytest.mark.attack

PUBLIC = "https://touchstone.bazaar.market"
RANDOM = "9f2c4e81b7d05a3696ee0c1d57fb8a24"


def settings(tmp_path: Path, **changes: object) -> Settings:
    return Settings.model_validate({"home": tmp_path, "production": True, "public_url": PUBLIC, **changes})


ADDRESSES = [
    (None, "none"),
    ("", "empty"),
    ("http://touchstone.bazaar.market", "http"),
    ("touchstone.bazaar.market", "no scheme"),
    ("https://", "no host"),
    ("https://localhost", "this machine"),
    ("https://localhost.:8321", "this machine with a dot"),
    ("https://127.0.0.1:8321", "this machine's address"),
    ("https://[::1]", "this machine's address in IPv6"),
    ("https://user:pass@touchstone.bazaar.market", "credentials"),
    ("https://touchstone.bazaar.market/below", "a path: cookies and links are for the whole host"),
    ("https://touchstone.bazaar.market?x=1", "a query"),
    ("https://touchstone.bazaar.market:port", "no port"),
    ("https://[::1", "no address at all"),
]


@pytest.mark.parametrize(("url", "why"), ADDRESSES)
def test_without_a_public_https_address_production_does_not_start(tmp_path: Path, url: str | None, why: str) -> None:
    with pytest.raises(Invalid, match="TOUCHSTONE_PUBLIC_URL"):
        check_production(settings(tmp_path, public_url=url))
    check_production(settings(tmp_path, public_url=url, production=False))


@pytest.mark.parametrize("url", [PUBLIC, f"{PUBLIC}/", f"{PUBLIC}:8443", "https://10.0.0.7", "https://touchstone"])
def test_with_one_it_starts(tmp_path: Path, url: str) -> None:
    check_production(settings(tmp_path, public_url=url))


SECRETS = [
    ("changeme" * 4, "a placeholder"),
    ("CHANGE-ME-please-before-production", "a placeholder in a sentence"),
    ("a" * 40, "one character"),
    ("0123456789abcdef0123456789abcdef", "counted"),
    ("kX9mQ2vL7z" * 4, "ten random characters four times"),
    ("this-is-the-default-key-of-the-demo", "said to be a default"),
    ("my-secret-for-the-contacts-of-sellers", "said to be a secret"),
    ("0110100110010110100101100110100101", "two digits"),
]


@pytest.mark.parametrize(("secret", "why"), SECRETS)
def test_a_secret_that_somebody_typed_is_refused_and_not_repeated(tmp_path: Path, secret: str, why: str) -> None:
    with pytest.raises(Invalid, match="TOUCHSTONE_CONTACT_KEY") as refused:
        check_production(settings(tmp_path, contact_key=secret))
    assert secret not in refused.value.sentence
    check_production(settings(tmp_path, contact_key=secret, production=False))


@given(st.randoms(use_true_random=False))
def test_a_random_secret_is_accepted(chance: object) -> None:
    del chance
    for token in (secrets.token_hex(32), secrets.token_urlsafe(32), base64.b64encode(secrets.token_bytes(32)).decode()):
        assert not is_weak_secret(token)


@pytest.mark.parametrize("key", [b"\0" * 32, b"x" * 32, b"0123456789abcdef" * 2, b"change me before you use this..."])
def test_a_webhook_key_that_somebody_typed_is_refused(tmp_path: Path, key: bytes) -> None:
    keys = f"{base64.b64encode(secrets.token_bytes(32)).decode()},{base64.b64encode(key).decode()}"
    with pytest.raises(Invalid, match="TOUCHSTONE_WEBHOOK_KEYS"):
        check_production(settings(tmp_path, webhook_keys=keys))


DATABASES = [
    ("postgresql://touchstone:touchstone@db/t", False, "the user's name"),
    ("postgresql://postgres:postgres@db/t", False, "the default"),
    ("postgresql://app:short-one@db/t", False, "short"),
    ("postgresql://app:changeme-changeme@db/t", False, "a placeholder"),
    (f"postgresql://app:{RANDOM}@db/t?sslmode=verify-full", True, "a random one"),
    (f"postgresql://app:{RANDOM}@db/t", False, "random, over the network in the clear"),
    (f"postgresql://app:{RANDOM}@db/t?sslmode=require", False, "no certificate is checked"),
    (f"postgresql://app:{RANDOM}@/t?host=localhost&host=db", False, "one of two hosts is remote"),
    (f"postgresql://app:{RANDOM}@localhost/t?hostaddr=10.0.0.7", False, "the address is remote, not the name"),
    (f"postgresql://app:{RANDOM}@/t?service=remote", False, "a service file says where"),
    (f"postgresql://app:{RANDOM}@127.0.0.1:5432/t", True, "this machine"),
    (f"postgresql://app:{RANDOM}@[::1]/t", True, "this machine in IPv6"),
    (f"postgresql://app:{RANDOM}@localhost/t", True, "this machine's name"),
    ("postgresql://app@/t?host=/run/postgresql", True, "none: a socket"),
    ("sqlite:////var/lib/t.sqlite", True, "a file"),
]


@pytest.mark.parametrize(("url", "starts", "why"), DATABASES)
def test_a_database_password_that_can_be_guessed_is_refused(tmp_path: Path, url: str, starts: bool, why: str) -> None:
    database_settings = settings(tmp_path, database_url=url)
    if starts:
        check_production(database_settings)
        return
    with pytest.raises(Invalid, match="TOUCHSTONE_DATABASE_URL"):
        check_production(database_settings)


def test_what_libpq_takes_from_the_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database_settings = settings(tmp_path, database_url=f"postgresql://app:{RANDOM}@/t")
    check_production(database_settings)
    monkeypatch.setenv("PGHOST", "db")
    with pytest.raises(Invalid, match="sslmode=verify-full"):
        check_production(database_settings)
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    check_production(database_settings)


@pytest.mark.parametrize(
    "uri", ["https://mlflow.bazaar.market", "http://127.0.0.1:5000", "sqlite:////var/mlflow.db", None]
)
def test_an_mlflow_server_here_or_with_tls_is_accepted(tmp_path: Path, uri: str | None) -> None:
    check_production(settings(tmp_path, mlflow_tracking_uri=uri, undo_window_seconds=60))
    clear = {"mlflow_tracking_uri": "http://mlflow:5000", "undo_window_seconds": 0}
    check_production(settings(tmp_path, production=False, **clear))


def test_the_service_ends_with_a_sentence_and_makes_nothing(touchstone: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {**os.environ, "TOUCHSTONE_HOME": str(home), "TOUCHSTONE_PRODUCTION": "true"}
    done = subprocess.run(
        [touchstone, "serve"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "Production mode needs the https address that people use in TOUCHSTONE_PUBLIC_URL" in done.stderr
    assert not (home / "touchstone.sqlite").exists()
