"""Every setting of the service and every number of its policies, read-only; secrets are named and never shown."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import SecretStr
from sqlalchemy import make_url

from serving.accounts.rules.access import Permission
from serving.guards import Administrator, TheRuntime
from serving.platform.runtime import ByClass
from serving.platform.settings import Settings
from serving.web.at_marketplace import scope_of
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/settings"
_LONGEST_SEARCH: Final = 100


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting with what it is in words, empty where it is not set; `about` is its meaning."""

    name: str
    setting: str
    about: str
    is_changed: bool

    def matches(self, sought: str) -> bool:
        return sought.casefold() in f"{self.name} {self.setting} {self.about}".casefold()


@router.get(PLACE)
def get_settings_list(request: Request, runtime: TheRuntime, session: Administrator) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    sought = request.query_params.get("q", "").strip()[:_LONGEST_SEARCH]
    settings = setting_rows(runtime.settings, scope.chosen.name)
    page = StaffPage(
        "settings_list.html",
        "/operations",
        scope=scope,
        sought=sought,
        settings=[row for row in settings if row.matches(sought)],
        policies=[row for row in policy_rows(runtime.policies) if row.matches(sought)],
    )
    return respond(request, page, session)


def setting_rows(settings: Settings, marketplace: str) -> Iterator[SettingRow]:
    """The settings in the order of their schema; of what they say by marketplace, this one's."""
    for name, field in Settings.model_fields.items():
        setting = getattr(settings, name)
        is_changed = setting != field.get_default(call_default_factory=True, validated_data={})
        if name == "transparency":
            setting = settings.transparency.get(marketplace)
        elif name == "database_url" and setting is not None:
            setting = make_url(setting).render_as_string(hide_password=True)
        yield SettingRow(f"TOUCHSTONE_{name.upper()}", _in_words(setting), field.description or "", is_changed)


def policy_rows(policies: ByClass) -> Iterator[SettingRow]:
    """The fields of each policy in force."""
    for policy in policies:
        for field in fields(policy) if is_dataclass(policy) else ():
            number = getattr(policy, field.name)
            yield SettingRow(f"{type(policy).__name__}.{field.name}", _in_words(number), "", number != field.default)


def _in_words(setting: object) -> str:
    match setting:
        case None:
            return ""
        case SecretStr():
            return "set, not shown"
        case bool():
            return "on" if setting else "off"
        case StrEnum():
            return setting.value
        case dict() | list() | tuple() | set() | frozenset():
            return ", ".join(map(str, setting.items() if isinstance(setting, dict) else setting))
        case _:
            return str(setting)
