"""Every setting and policy number in force, for staff: its value, its default, and where to change it."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import SecretStr

from models.policies.version import policy_version
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.composition import default_policies
from serving.guards import may, runtime_of
from serving.platform.runtime import ByClass
from serving.platform.settings import Settings
from serving.web.account.policy_notes import Number, numbers, shown
from serving.web.rendering import respond

router = APIRouter(include_in_schema=False)
Staff = Annotated[
    Session, may(Permission.REVIEW_CASES, Permission.LOOK_AFTER_BRANDS, Permission.SEE_MODELS, Permission.ADMINISTER)
]
_PREFIX: Final = "TOUCHSTONE_"
# By policy and number: the setting that changes it without another release.
_SET_BY: Final = {
    ("EnforcementPolicy", "undo_window_seconds"): "UNDO_WINDOW_SECONDS",
    ("EnforcementPolicy", "random_delay_minutes"): "RANDOM_DELAY_MINUTES",
    ("PromotionPolicy", "approvals_needed"): "APPROVALS_NEEDED",
}
_SET_WHOLE: Final = {"RetentionPolicy": "RETENTION_DAYS", "CounterNoticePolicy": "COUNTER_NOTICES"}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting: its variable, the value in force, its default, whether the operator set it, and its meaning."""

    variable: str
    value: str
    usual: str
    is_set: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number of a policy, and where it is changed."""

    number: Number
    changed_by: str


@dataclass(frozen=True, slots=True)
class PolicyCard:
    """A policy: its label, its version, which decisions store, and its numbers."""

    key: str
    name: str
    version: str
    rows: tuple[NumberRow, ...]


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """The settings of this process, and the policies that it uses."""

    template: ClassVar[str] = "reference.html"
    place: ClassVar[str] = ""

    settings: tuple[SettingRow, ...]
    policies: tuple[PolicyCard, ...]
    changed: int


@router.get("/settings/reference")
def get_reference(request: Request, session: Staff) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    cards = _policies(runtime.policies)
    page = ReferencePage(
        settings=_settings(runtime.settings),
        policies=cards,
        changed=sum(row.number.is_changed for card in cards for row in card.rows),
    )
    return respond(request, page, session)


def _settings(settings: Settings) -> tuple[SettingRow, ...]:
    return tuple(
        SettingRow(
            f"{_PREFIX}{name.upper()}",
            _value(getattr(settings, name)),
            _value(field.default),
            name in settings.model_fields_set and getattr(settings, name) != field.default,
            field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    )


def _value(value: Any) -> str:
    """A value as it is set; secrets are hidden, and addresses lose their user name and password."""
    if isinstance(value, SecretStr):
        return "set (hidden)"
    if value is None or value in ({}, ""):
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{getattr(key, 'value', key)}: {_value(one)}" for key, one in value.items())
    text = shown(value)
    return _without_password(text) if "://" in text else text


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    where = parts.netloc.rpartition("@")[2]
    hidden = f"…@{where}" if "@" in parts.netloc else where
    return urlunsplit((parts.scheme, hidden, parts.path, "", ""))


# Titles of cards that differ from the words of the class.
_TITLES: Final = {
    "ReminderPolicy": "reminders",
    "AppealPolicy": "appeals",
    "NoticePolicy": "notices",
    "BurstPolicy": "bursts",
    "InvitationPolicy": "invitations",
    "ResetLinkPolicy": "reset links",
    "LabelPolicy": "labels",
    "StrikePolicy": "strikes",
    "SanctionPolicy": "sanctions",
    "SellerListPolicy": "seller lists",
}


def _policies(policies: ByClass) -> tuple[PolicyCard, ...]:
    usual = default_policies()
    return tuple(_card(policy, usual[type(policy)]) for policy in policies if dataclasses.is_dataclass(policy))


def _card(policy: Any, usual: Any) -> PolicyCard:
    kind = type(policy).__name__
    words = _TITLES.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.removesuffix("Policy")).lower()
    where = f"{type(policy).__module__.replace('.', '/')}.py, with a release"
    rows = tuple(
        NumberRow(one, _PREFIX + by if (by := _SET_BY.get((kind, one.name)) or _SET_WHOLE.get(kind)) else where)
        for one in numbers(policy, usual)
    )
    return PolicyCard(words.replace(" ", "-"), words.capitalize(), policy_version(policy), rows)
