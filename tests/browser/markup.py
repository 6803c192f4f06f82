"""The content of a page for a browser without script, from its source."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.routing import Route

from serving.api.errors import install_error_handlers
from serving.web.site import install_pages

Attributes = dict[str, str]
# The registers of rights that a page may link to: `serving.brands.rules.rights`.
REGISTERS: Final = frozenset(
    {"euipo.europa.eu", "www3.wipo.int", "tsdr.uspto.gov", "register.dpma.de", "trademarks.ipo.gov.uk"}
)
_SENDS: Final = frozenset({"submit", "image"})
_BY_ITSELF: Final = frozenset({"popovertarget", "commandfor"})  # The browser's own, without script.


def routes_of_pages() -> Callable[[str, str], bool]:
    """Whether a route of a page accepts a method at an address."""
    app = FastAPI()
    install_error_handlers(app)
    install_pages(app)
    known = [(route.methods or set(), route.path_regex) for route in app.routes if isinstance(route, Route)]

    def takes(method: str, address: str) -> bool:
        path = urlsplit(address).path
        return any(method in methods and pattern.match(path) for methods, pattern in known)

    return takes


def needs_script(source: str, address: str, takes: Callable[[str, str], bool]) -> Iterator[str]:
    """Controls that need a script: forms without a route, and buttons that send no form.

    A button that a script shows is hidden in the source and is left out.
    """
    source_forms = _Forms()
    source_forms.feed(source)
    for form in source_forms.forms.values():
        buttons = [button for button in source_forms.buttons if button.form is form]
        if not buttons and not form.fields:
            continue
        if form.attributes.get("data-passkey") == "create":
            continue  # Only a script makes a passkey; the page says so without one.
        # A browser sends a form of one field by Enter alone.
        if form.fields != 1 and not any(button.sends for button in buttons):
            yield f"a form without a button that sends it: {form.attributes}"
        for target in {form.attributes.get("action", address), *(button.action for button in buttons if button.action)}:
            method = form.attributes.get("method", "get").upper()
            if not takes(method, target or address):
                yield f"a form to nowhere: {method} {target}"
    for button in source_forms.buttons:
        idle = button.form is None or not button.sends
        if idle and "hidden" not in button.attributes and not _BY_ITSELF & button.attributes.keys():
            yield f"a button that only a script hears: {button.attributes}"
    yield from (f"a link to nowhere: {href}" for href in source_forms.links if not _leads(href, takes))


def _leads(href: str, takes: Callable[[str, str], bool]) -> bool:
    path = urlsplit(href)
    if path.scheme == "https" and path.netloc in REGISTERS:
        return True
    if path.scheme or not path.path.startswith("/"):
        return path.scheme in {"", "mailto"}
    return path.path.startswith(("/static/", "/api/")) or takes("GET", href)


@dataclass(slots=True)
class _Form:
    attributes: Attributes
    fields: int = 0


@dataclass(slots=True)
class _Button:
    attributes: Attributes
    form: _Form | None

    @property
    def sends(self) -> bool:
        return self.attributes.get("type", "submit") in _SENDS

    @property
    def action(self) -> str | None:
        return self.attributes.get("formaction")


@dataclass
class _Forms(HTMLParser):
    """Forms by their id or number, buttons with theirs, and links."""

    forms: dict[str, _Form] = field(default_factory=dict)
    buttons: list[_Button] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    inside: _Form | None = None
    templates: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        attributes = {name: text or "" for name, text in attrs}
        self.templates += tag == "template"
        if self.templates:
            return  # Only a script uses the content of a template element.
        if tag == "form":
            self.inside = self.forms.setdefault(attributes.get("id", str(len(self.forms))), _Form(attributes))
            self.inside.attributes = attributes
        elif tag == "button" or (tag == "input" and attributes.get("type") in _SENDS):
            self.buttons.append(_Button(attributes, self._form_of(attributes)))
        elif tag in {"input", "select", "textarea"} and self.inside is not None and attributes.get("type") != "hidden":
            self.inside.fields += 1
        elif tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])

    def handle_endtag(self, tag: str) -> None:
        self.templates -= tag == "template"
        if tag == "form":
            self.inside = None

    def _form_of(self, attributes: Attributes) -> _Form | None:
        if "form" not in attributes:
            return self.inside
        # A form may stand below the button that sends it.
        return self.forms.setdefault(attributes["form"], _Form({}))
