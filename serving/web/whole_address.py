"""The absolute address of a link that people pass on by hand."""

from fastapi import Request

from serving.guards import runtime_of
from serving.platform.public_address import public_address


def whole_address(request: Request, path: str) -> str:
    """A path of ours under the service's own address, whatever Host header the request has."""
    runtime = runtime_of(request)
    return public_address(runtime.settings, runtime.home) + path
