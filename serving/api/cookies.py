"""The cookies of a sign-in: set and deleted with the same attributes, without which a browser ignores a deletion."""

import ipaddress
from typing import Literal, TypedDict

from fastapi import Request, Response

from serving.accounts.policy import GuessingPolicy
from serving.accounts.service.auth import NewSession
from serving.accounts.service.guessing import SignInSource
from serving.accounts.service.known_devices import BETWEEN
from serving.guards import cookie_name, devices_cookie_name, is_secure, runtime_of
from serving.platform.runtime import Runtime


class _Attributes(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


def address_of(request: Request) -> str:
    """The network address that a request comes from; empty where it is unknown."""
    return request.client.host if request.client else ""


def sign_in_source(request: Request, browser: str = "") -> SignInSource:
    """Where a sign-in comes from; `browser` is what a mailed link names the browser by, for the person's own cookie.

    Behind a proxy that is not named in the settings everybody has the proxy's address, so it says nothing.
    """
    runtime, peer = runtime_of(request), address_of(request)
    settings = runtime.settings
    is_told_apart = bool(settings.trusted_proxies) or settings.public_url is None
    devices = f"{browser}{BETWEEN}{request.cookies.get(devices_cookie_name(runtime), '')}".strip(BETWEEN)
    return SignInSource(peer if is_told_apart and _is_address(peer) else None, devices)


def set_session_cookies(response: Response, request: Request, signed_in: NewSession) -> None:
    """Set the session's cookie and the one of known devices: not for scripts, not for other sites."""
    runtime = runtime_of(request)
    seconds = runtime.settings.session_hours * 3600
    response.set_cookie(cookie_name(runtime), signed_in.token, max_age=seconds, **_attributes(runtime))
    if signed_in.devices:
        remember_device(response, request, signed_in.devices)


def delete_session_cookie(response: Response, request: Request) -> None:
    """Delete the session's cookie; the browser stays known."""
    runtime = runtime_of(request)
    response.delete_cookie(cookie_name(runtime), **_attributes(runtime))


def remember_device(response: Response, request: Request, devices: str) -> None:
    """Set the cookie by which the browser is known."""
    runtime = runtime_of(request)
    seconds = runtime.policies[GuessingPolicy].device_days * 86_400
    response.set_cookie(devices_cookie_name(runtime), devices, max_age=seconds, **_attributes(runtime))


def _attributes(runtime: Runtime) -> _Attributes:
    return {"path": "/", "secure": is_secure(runtime), "httponly": True, "samesite": "strict"}


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
