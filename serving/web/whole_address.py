"""The absolute address of a link that people pass on by hand."""

from fastapi import Request

from serving.guards import runtime_of


def whole_address(request: Request, path: str) -> str:
    """A path of ours under the configured public address, or else under that of the request."""
    return (runtime_of(request).settings.public_url or str(request.base_url)).rstrip("/") + path
