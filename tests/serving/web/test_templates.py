import ast
import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from jinja2 import UndefinedError
from sqlalchemy import Connection

import serving.web
from features.message import Message
from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.access import OwnedSecret
from serving.accounts.service.service_accounts import AccountOfBrand
from serving.accounts.store.accounts import BrandPerson
from serving.accounts.store.second_factors import StoredFactor
from serving.accounts.store.service_accounts import ServiceAccount, SigningKey
from serving.brands.rules.rights import Right
from serving.brands.store.rights import StoredRight
from serving.mail.rules.quiet_hours import QuietHours
from serving.marketplaces.store.marketplaces import Marketplace
from serving.notices.rules.notices import Draft, NamedRight
from serving.platform.display import Display
from serving.platform.runtime import Runtime
from serving.standing.rules.record import AuditTally, RemovalTally
from serving.web.headers import FOLDER
from serving.web.queue.queue_rows import RowContext
from serving.web.rendering import TEMPLATES as ENVIRONMENT
from serving.web.wording.translated import TRANSLATED

TEMPLATES = Path(serving.web.__path__[0]) / "templates"
ALL = sorted(TEMPLATES.rglob("*.html"))
KIT = Path(__file__).with_name("kit")
# What pages for brands, sellers and notifiers may hold as it is stored. None has a score or names a reporter.
_FOR_OUTSIDERS = {
    AccountOfBrand, AuditTally, BrandPerson, Display, Draft, Marketplace, Message, NamedRight, OwnedSecret,
    QuietHours, RemovalTally, Right, SecretPolicy, ServiceAccount, SigningKey, StoredFactor, StoredRight,
}  # fmt: skip
_CLASS = re.compile(r'class="((?:[^"{]|\{[{%].*?[%}]\})*)"')
_OUTPUT = re.compile(r"\{[{%].*?[%}]\}")


def kinds_on_pages() -> set[type]:
    """Every class that a module of pages has or imports."""
    modules = [
        importlib.import_module(module.name) for module in pkgutil.walk_packages(serving.web.__path__, "serving.web.")
    ]
    return {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}


def pages() -> list[type]:
    """Every context that names a template."""
    kinds = [kind for kind in kinds_on_pages() if dataclasses.is_dataclass(kind)]
    return sorted(
        (kind for kind in kinds if isinstance(vars(kind).get("template"), str)), key=lambda kind: kind.__name__
    )


def kinds_of(kind: Any, seen: set[Any]) -> Iterator[Any]:
    """The kinds of values that a page holds, in fields of fields too."""
    for argument in get_args(kind):
        yield from kinds_of(argument, seen)
    if not isinstance(kind, list) and kind not in seen:
        seen.add(kind)
        yield kind
        if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind not in _FOR_OUTSIDERS:
            hints = get_type_hints(kind)
            for field in dataclasses.fields(kind):
                yield from kinds_of(hints[field.name], seen)


def calls_of(name: str) -> list[ast.Call]:
    """Every call of a class in the modules of pages."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in TEMPLATES.parent.rglob("*.py"))
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) == name]


@pytest.mark.parametrize("page", [page for page in pages() if vars(page)["template"] in TRANSLATED])
def test_a_page_for_outsiders_holds_only_views_and_allowed_objects(page: type) -> None:
    kinds = set(kinds_of(page, set()))
    assert Any not in kinds, "it could hold a score"
    objects = {kind for kind in kinds if dataclasses.is_dataclass(kind)}
    assert {kind for kind in objects if not kind.__module__.startswith("serving.web.")} <= _FOR_OUTSIDERS


def test_a_template_has_no_way_to_the_database() -> None:
    kinds = {kind for kind in kinds_on_pages() if dataclasses.is_dataclass(kind)}
    assert {kind for kind in kinds if {Connection, Runtime} & set(kinds_of(kind, set()))} == {Runtime, RowContext}
    for call in [*calls_of("StaffPage"), *calls_of("SimpleNamespace")]:
        assert not {"connection", "request", "runtime"} & {ast.unparse(keyword.value) for keyword in call.keywords}


def test_a_name_that_a_page_does_not_have_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ page.scor }}").render(page=object())


@pytest.mark.parametrize("page", pages())
def test_a_context_is_documented_and_frozen_and_its_template_uses_it_all(page: type) -> None:
    assert page.__doc__
    assert not page.__doc__.startswith(f"{page.__name__}("), "a docstring of its own"
    assert page.__dataclass_params__.frozen  # type: ignore[attr-defined]  # a dataclass has it
    fields = {field.name for field in dataclasses.fields(page)}
    text = (TEMPLATES / page.template).read_text(encoding="utf-8")  # type: ignore[attr-defined]  # a context has it
    assert set(re.findall(r"\bpage\.(\w+)", text)) == fields


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_no_template_gives_an_id_twice(path: Path) -> None:
    ids = re.findall(r'\sid="([^"{]+)"', path.read_text(encoding="utf-8"))
    assert sorted(set(ids)) == sorted(ids)


@pytest.mark.parametrize("call", calls_of("StaffPage"), ids=lambda call: call.args[0].value)
def test_a_page_of_staff_has_what_its_template_uses(call: ast.Call) -> None:
    template = ast.literal_eval(call.args[0])
    assert template not in TRANSLATED, "a page for outsiders has a class by allow-list"
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    assert {keyword.arg for keyword in call.keywords} == set(re.findall(r"\bpage\.(\w+)", text))


def test_every_page_has_a_context() -> None:
    used = {page.template for page in pages()}  # type: ignore[attr-defined]  # contexts have it
    used |= {ast.literal_eval(call.args[0]) for call in calls_of("StaffPage")}
    whole = {path.name for path in ALL if "extends" in path.read_text(encoding="utf-8")}
    assert whole <= used


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_no_template_carries_style_script_or_unescaped_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    # A file of its own has nobody to serve its stylesheet; it comes from our own folder and from nowhere else.
    assert text.count("<style") == (path.name == "report.html")
    # A variable of a template may be called `one`.
    assert not re.search(r"\son\w+\s*=|javascript:|hx-on", re.sub(r"\{%.*?%\}", "", text))
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_form_that_changes_something_carries_the_token(path: Path) -> None:
    text, by_mail = path.read_text(encoding="utf-8"), {"stop_report.html", "stop_removals.html", "confirm_factor.html"}
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        # The seller's address is itself a secret that no other site knows; there is no session to abuse.
        by_link = path.name == "seller.html" and 'action="{{ page.address }}' in form
        # So is the signed address of an unsubscribe link, whose form mail programs send as well (RFC 8058).
        by_link |= path.name == "unsubscribe.html" and 'action="{{ page.address }}"' in form
        # Notifiers have no session either; another site gains nothing from sending their form.
        notifies = path.name == "notice_form.html" and 'action="/notice"' in form
        by_link |= path.name in {"notice.html", "notice_confirmation.html"} and 'action="{{ page.address }}' in form
        # So is the address of the link that stops a report, or confirms a second factor.
        by_link |= path.name in by_mail and 'action="{{ page.address }}' in form
        # Between the password and the second factor the token is that of the session that waits.
        by_link |= path.name == "second_step.html" and 'value="{{ page.csrf_token }}"' in form
        public = (
            any(f'action="{action}' in form for action in ('/sign-in"', "/setup/", "/join/", "/reset/"))
            or by_link
            or notifies
        )
        assert public or "csrf()" in form


def test_classes_are_those_of_the_stylesheet() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (FOLDER / "touchstone.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    known = set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"\{[^{}]*\}", "{}", sheet)))
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*ALL, *KIT.glob("*.html")])
    code = "\n".join(path.read_text(encoding="utf-8") for path in [*TEMPLATES.parent.rglob("*.py"), *KIT.glob("*.py")])
    written = {name for classes in _CLASS.findall(text) for name in _OUTPUT.sub(" ", classes).split()}
    written |= {name for classes in re.findall(r"block body %\}([\w -]+)\{%", text) for name in classes.split()}
    literal = {word for quoted in re.findall(r"""["']([\w -]+)["']""", text + code) for word in quoted.split()}
    assert {name for name in written if not name.endswith("-")} <= known
    # Classes put together in a template: v-c is written as v-{{ tone }}.
    assert {name for name in known if name not in literal | written and not name.startswith("v-")} == set()


def test_icons_are_those_of_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (TEMPLATES / "sprite.html").read_text(encoding="utf-8")))
    text = "\n".join(path.read_text(encoding="utf-8") for path in ALL if path.name != "sprite.html")
    code = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES.parent.rglob("*.py"))
    used = set(re.findall(r'"(i-[a-z]+)"', text + code))
    assert used - {"i-s"} == sprite
