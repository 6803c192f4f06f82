"""Second factors of the demo's people: apps that they enrolled two days before the demo, as each counts after a day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyotp

from models.errors import required
from serving.accounts.service import auth, one_time_codes
from serving.accounts.service.second_factors import begin_app, confirm_app, confirm_by_link
from serving.platform.clock import SystemClock
from serving.platform.runtime import Runtime


@dataclass(slots=True)
class Phone:
    """A person's app, and the recovery codes that are left."""

    secret: str
    recovery_codes: list[str]

    def code(self) -> str:
        """What the app shows now; it counts once."""
        return pyotp.TOTP(self.secret).now()

    def recovery_code(self) -> str:
        return self.recovery_codes.pop()


@dataclass(frozen=True, slots=True)
class _TwoDaysAgo:
    simulated = False

    def now(self) -> datetime:
        return SystemClock().now() - timedelta(days=2)


def enrol(runtime: Runtime, people: Iterable[tuple[str, str]]) -> dict[str, Phone]:
    """A phone by e-mail address for people with their passwords."""
    earlier = replace(runtime, wall=_TwoDaysAgo())
    return {email: _phone(earlier, email, password) for email, password in people}


def _phone(runtime: Runtime, email: str, password: str) -> Phone:
    session = auth.session_of(runtime, auth.sign_in(runtime, email, password).token)
    secret = one_time_codes.secret_of(runtime, begin_app(runtime, session, password))
    link = confirm_app(runtime, session, pyotp.TOTP(secret).at(runtime.wall.now()), "Phone")
    codes = confirm_by_link(runtime, required(link, "The phone is not the person's first factor."))
    return Phone(secret, list(codes))
