"""Every route declares who may use it; a route without a declaration keeps the service from starting."""

import hmac
import pkgutil
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from models.errors import DomainError, Forbidden
from serving.accounts.rules.access import Permission, Scope
from serving.accounts.rules.second_person import must_enrol
from serving.accounts.service import auth, known_devices
from serving.accounts.service.second_factors import SecondFactorRequired, half_session_of
from serving.accounts.store.accounts import Session
from serving.marketplaces.service.keys import key_of_header, note_use_if_due
from serving.marketplaces.store.marketplaces import KeyInForce, Marketplace
from serving.platform.database.pools import KEYS, SESSIONS
from serving.platform.display import show_as
from serving.platform.languages import ENGLISH
from serving.platform.runtime import Runtime

COOKIE: Final = "touchstone_session"
_DEVICES: Final = "touchstone_devices"
CALLED_BY: Final = "touchstone.caller"  # In the scope of a request, who sent it, for its log line.
SECOND_STEP: Final = "second step"
CSRF_FIELD: Final = "csrf_token"
CSRF_HEADER: Final = "x-touchstone-csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE: Final = frozenset({"same-origin", "none"})


class Unguarded(RuntimeError):
    """A route without a guard."""


class CrossSite(DomainError):
    """A form or call that did not come from our own pages."""

    code = "cross_site"


@dataclass(frozen=True, slots=True)
class Guard:
    """Marks a dependency as the route's access decision; its name states that decision."""

    name: str
    check: Callable[..., Any]

    async def __call__(self, request: Request) -> Any:
        """Decide."""
        return await self.check(request)


def runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _runtime(request: Request) -> Runtime:
    return runtime_of(request)


TheRuntime = Annotated[Runtime, Depends(_runtime)]


def cookie_name(runtime: Runtime) -> str:
    """The name of the session cookie. With https, its prefix makes the browser restrict the cookie to this host."""
    return f"__Host-{COOKIE}" if is_secure(runtime) else COOKIE


def devices_cookie_name(runtime: Runtime) -> str:
    """The name of the cookie by which a browser is known."""
    return f"__Host-{_DEVICES}" if is_secure(runtime) else _DEVICES


def is_secure(runtime: Runtime) -> bool:
    """Whether people use the service over https."""
    return (runtime.settings.public_url or "").startswith("https://")


async def _session_of(request: Request, *, files: int, translated: bool) -> Session:
    runtime = runtime_of(request)
    session = await SESSIONS.run(auth.session_of, runtime, request.cookies.get(cookie_name(runtime)))
    session = _in_browser(session, request.cookies.get(devices_cookie_name(runtime), ""))
    request.scope[CALLED_BY] = session.person.actor
    # Texts of a page are made before the page. A page without translations is in English from the start.
    show_as(session.display if translated else replace(session.display, language=ENGLISH))
    if request.method not in _SAFE:
        await _same_site(request, session, files)
    return session


def _in_browser(session: Session, devices: str) -> Session:
    """The session as this browser shows it: a stolen cookie does not bring the mark of its owner's browser."""
    secret = session.person.secret
    if secret is None or secret.known_since is None or known_devices.is_marked(devices, session.device.mark_hash):
        return session
    return replace(session, person=replace(session.person, secret=replace(secret, known_since=None)))


async def _same_site(request: Request, session: Session, files: int) -> None:
    """Require the session's token for an unsafe call, and refuse one that another site sent.

    Raises CrossSite (the token is missing or wrong, or the call comes from another site).
    """
    site = request.headers.get("sec-fetch-site")
    token = request.headers.get(CSRF_HEADER)
    if token is None:
        form = await request.form(max_files=files)
        field = form.get(CSRF_FIELD)
        token = field if isinstance(field, str) else ""
    same = hmac.compare_digest(token.encode("utf-8", "replace"), session.csrf_token.encode())
    if (site is not None and site not in _SAME_SITE) or not same:
        raise CrossSite("This form is no longer valid. Refresh the page.")


def may(*permissions: Permission, files: int = 0, translated: bool = False) -> Any:
    """Admit a signed-in user with any of these permissions; the handler gets the session.

    In production, a person who can remove, promote or administer is admitted only with a second factor.

    `files` is the largest number of files in the route's form. `translated` says whether the page is in the reader's
    language instead of English.
    """

    async def check(request: Request) -> Session:
        try:
            session = await _session_of(request, files=files, translated=translated)
            granted = [permission for permission in permissions if session.person.may(permission)]
            if not granted:
                raise Forbidden("Your role does not include this page.")
            production = runtime_of(request).settings.production
            if must_enrol(granted, has_factor=session.has_factor, production=production):
                raise SecondFactorRequired("Set up a second factor in your settings first.")
        except DomainError:
            await request.close()  # No handler owns the form's files any longer.
            raise
        return session

    return Depends(Guard(" or ".join(permission.value for permission in permissions), check))


def signed_in(*, translated: bool = False) -> Any:
    """Admit any signed-in user; `translated` as for `may`."""

    async def check(request: Request) -> Session:
        return await _session_of(request, files=0, translated=translated)

    return Depends(Guard("signed in", check))


def at_second_step() -> Any:
    """Admit somebody whose second factor is still to be proved; the handler gets the session that waits."""

    async def check(request: Request) -> Session:
        runtime = runtime_of(request)
        session = await SESSIONS.run(half_session_of, runtime, request.cookies.get(cookie_name(runtime)))
        if request.method not in _SAFE:
            await _same_site(request, session, 0)
        return session

    return Depends(Guard(SECOND_STEP, check))


@dataclass(frozen=True, slots=True)
class Caller:
    """The marketplace behind an API key, and the key's permissions."""

    marketplace: Marketplace
    scopes: frozenset[Scope]
    key_id: str

    @property
    def actor(self) -> str:
        """The key as logs name it."""
        return f"key:{self.key_id}"


def key(scope: Scope) -> Any:
    """Admit an API key with this scope; the handler gets its marketplace."""

    async def check(request: Request) -> Caller:
        return await _caller_of(request, scope)

    return Depends(Guard(f"key {scope.value}", check))


def may_or_key(permission: Permission, scope: Scope) -> Any:
    """Admit a signed-in user with the permission, as `may` does, and an API key with the scope.

    The handler gets a session or a caller.
    """
    person = may(permission).dependency

    async def check(request: Request) -> Caller | Session:
        if "authorization" in request.headers:
            return await _caller_of(request, scope)
        session: Session = await person(request)
        return session

    return Depends(Guard(f"{permission.value} or key {scope.value}", check))


def any_caller() -> Any:
    """Admit an API key of any scope, and any signed-in user."""

    async def check(request: Request) -> Caller | Session:
        if "authorization" in request.headers:
            return await _caller_of(request, None)
        return await _session_of(request, files=0, translated=False)

    return Depends(Guard("any key or signed in", check))


async def _caller_of(request: Request, scope: Scope | None) -> Caller:
    runtime = runtime_of(request)
    key_in_force = await KEYS.run(key_of_header, runtime, request.headers.get("authorization"), scope)
    await note_use_if_due(runtime, key_in_force)
    return called_by(request.scope, key_in_force)


def called_by(scope: MutableMapping[str, Any], key_in_force: KeyInForce) -> Caller:
    """The caller of an admitted key, noted for the request's log line."""
    caller = Caller(key_in_force.marketplace, key_in_force.key.scopes, key_in_force.key.key_id)
    scope[CALLED_BY] = caller.actor
    return caller


Administrator = Annotated[Session, may(Permission.ADMINISTER)]
Answerer = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]
Oneself = Annotated[Session, signed_in(translated=True)]
Anyone = Annotated[Session, signed_in()]
Member = Annotated[Session, may(Permission.ANSWER_QUESTIONS, translated=True)]
Judge = Annotated[Session, may(Permission.REVIEW_CASES, Permission.ANSWER_QUESTIONS)]
Manager = Annotated[Session, may(Permission.MANAGE_BRANDS)]
ModelReader = Annotated[Session, may(Permission.SEE_MODELS)]
Promoter = Annotated[Session, may(Permission.PROMOTE_MODELS)]
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]
Sender = Annotated[Caller, key(Scope.INTAKE)]
Speaker = Annotated[Session, may(Permission.REVIEW_CASES, Permission.MANAGE_BRANDS)]
Trainer = Annotated[Session, may(Permission.TRAIN_MODELS)]
Watcher = Annotated[Session, may(Permission.SEE_OPERATIONS)]


async def _anybody(_request: Request) -> None:
    return None


def public(why: str) -> Any:
    """Admit everybody, for the stated reason."""
    return Depends(Guard(f"public: {why}", _anybody))


def install(app: FastAPI, router: APIRouter) -> None:
    """Add a router's routes to the application itself, where they are visible: `include_router` hides them."""
    app.router.routes.extend(router.routes)


def install_package(app: FastAPI, package: ModuleType, *, first: str = "") -> None:
    """Add the routes of every module of a package, subfolders included, that has its own `router`.

    A new page or endpoint is a new module. Modules are added by name after the `first` one, whose routes are found
    soonest. A test verifies that no route hides another, so the order has no other effect.
    """
    found_in = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    for module in sorted(found_in, key=lambda module: (module.name != first, module.name)):
        router = getattr(import_module(module.name), "router", None)
        if isinstance(router, APIRouter):
            install(app, router)


def guards_of(app: FastAPI) -> dict[str, str]:
    """The guard of every route; mounted applications are included, except static files.

    Raises Unguarded (a route has no guard, or is of a kind that cannot be inspected).
    """
    guards: dict[str, str] = {}
    for path, route in _nested(app.routes, ""):
        names = [guard.name for guard in _guards(getattr(route, "dependant", None))]
        methods = ",".join(sorted(getattr(route, "methods", None) or ["*"]))
        if not names:
            raise Unguarded(f"{methods} {path} does not say who may use it")
        guards[f"{methods} {path}"] = names[0]
    return guards


def guard_of(route: APIRoute) -> Guard | None:
    """The first guard of a route, which decides."""
    return next(_guards(route.dependant), None)


def _nested(routes: Iterable[BaseRoute], prefix: str) -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if isinstance(route, Mount):
            if not isinstance(route.app, StaticFiles):
                yield from _nested(route.routes, prefix + route.path)
        else:
            yield prefix + str(getattr(route, "path", type(route).__name__)), route


def _guards(dependant: Any) -> Iterator[Guard]:
    if dependant is None:
        return
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _guards(inner)
