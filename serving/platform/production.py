"""What production mode refuses to start with, beside what is refused where it is used."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from psycopg.pq import Conninfo
from sqlalchemy import make_url

from features.phrase import Phrase
from models.errors import Invalid
from serving.platform.outbound.addresses import is_loopback
from serving.platform.sealing import keys_of
from serving.platform.settings import Settings

# Random characters repeat: 32 hexadecimal digits have 13 different ones on average, and fewer than 9 once in 10,000.
_FEWEST_DIFFERENT: Final = 9
_PLACEHOLDERS: Final = re.compile(
    r"change.?me|change.?this|default|example|insecure|password|passw0rd|placeholder|replace|secret|touchstone|"
    r"0123456789|123456789|abcdefgh",
    re.IGNORECASE,
)
_REPEATED: Final = re.compile(r"(.{1,16}?)\1+.{0,15}", re.DOTALL)
_SHORTEST_PASSWORD: Final = 12
_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})


def check_production(settings: Settings) -> None:
    """Refuse settings that are for trials only.

    Raises Invalid (there is no public https address; a secret is short, repeated, a placeholder, or a common default;
    there is no undo window; or a database or MLflow server on another machine is reached without TLS).
    """
    if not settings.production:
        return
    _check_public_url(settings.public_url)
    for name, secret in _configured_secrets(settings):
        if is_weak_secret(secret):
            raise Invalid(
                "Production mode refuses the value of {name}: it can be guessed. Set 32 random bytes (openssl rand "
                "-base64 32).",
                name=name,
            )
    _check_database_password(settings)
    _check_database_host(settings)
    if settings.undo_window_seconds == 0:
        raise Invalid(
            "Production mode refuses TOUCHSTONE_UNDO_WINDOW_SECONDS=0: no removal could be undone before it is sent. "
            "Set a longer window, or leave the setting out for the policy's."
        )
    tracking = urlsplit(settings.mlflow_tracking_uri or "")
    if tracking.scheme == "http" and not _is_this_machine(tracking.hostname or ""):
        raise Invalid(
            "Production mode refuses an MLflow server on another machine without TLS: TOUCHSTONE_MLFLOW_TRACKING_URI "
            "needs https."
        )


def is_weak_secret(secret: str) -> bool:
    """Whether a secret of 32 characters or more is one that somebody typed rather than drew.

    >>> is_weak_secret("change-me-" * 4), is_weak_secret("9f2c4e81b7d05a3696ee0c1d57fb8a24")
    (True, False)
    """
    few = len(set(secret)) < _FEWEST_DIFFERENT
    return few or bool(_REPEATED.fullmatch(secret)) or bool(_PLACEHOLDERS.search(secret))


def _check_public_url(url: str | None) -> None:
    phrase = Phrase(
        "Production mode needs the https address that people use in TOUCHSTONE_PUBLIC_URL, such as "
        "https://touchstone.example.com."
    )
    if url is None:
        raise Invalid(phrase)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid(phrase) from None
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"))
    if parts.scheme != "https" or not host or not is_plain or _is_this_machine(host):
        raise Invalid(phrase)


def _is_this_machine(host: str) -> bool:
    try:
        return is_loopback(host)
    except ValueError:
        return host.rstrip(".").lower() in _LOCAL_NAMES or host.endswith(".localhost")


def _configured_secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.contact_key is not None:
        yield "TOUCHSTONE_CONTACT_KEY", settings.contact_key.get_secret_value()
    if settings.webhook_keys is not None:
        for key in keys_of("TOUCHSTONE_WEBHOOK_KEYS", settings.webhook_keys.get_secret_value()):
            yield "TOUCHSTONE_WEBHOOK_KEYS", key.decode("latin-1")


def _check_database_password(settings: Settings) -> None:
    """A database without a password is reached by a socket or a certificate, which the operator answers for."""
    if settings.database_url is None or settings.database_url.startswith("sqlite"):
        return
    url = make_url(settings.database_url)
    password = None if url.password is None else str(url.password)
    if password is None:
        return
    if len(password) < _SHORTEST_PASSWORD or password == url.username or _PLACEHOLDERS.search(password):
        raise Invalid(
            "Production mode refuses the password in TOUCHSTONE_DATABASE_URL: it can be guessed. Set a random one of "
            "{least} characters or more.",
            least=_SHORTEST_PASSWORD,
        )


def _check_database_host(settings: Settings) -> None:
    """Sockets and this machine are not checked; what the URL leaves open, libpq takes from the environment."""
    if settings.database_url is None or settings.database_url.startswith("sqlite"):
        return
    url = make_url(settings.database_url)
    named = url.get_dialect()().create_connect_args(url)[1]
    stated = {
        **{default.keyword.decode(): (default.val or b"").decode() for default in Conninfo.get_defaults()},
        **named,
    }
    hosts = str(stated.get("hostaddr") or stated.get("host") or "").split(",")
    is_here = all(not host or host.startswith(("/", "@")) or _is_this_machine(host) for host in hosts)
    if (stated.get("service") or not is_here) and stated.get("sslmode") != "verify-full":
        raise Invalid(
            "Production mode refuses a database on another machine whose certificate is not checked: add "
            "sslmode=verify-full to TOUCHSTONE_DATABASE_URL, and sslrootcert with the file of its authority."
        )
