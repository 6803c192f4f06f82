"""The whole address of a link that somebody passes on by hand."""

from fastapi import Request

from serving.guards import runtime_of


def whole_address(request: Request, path: str) -> str:
    """A path of ours under the address that people use, or else under the one that was asked."""
    return (runtime_of(request).settings.public_url or str(request.base_url)).rstrip("/") + path
