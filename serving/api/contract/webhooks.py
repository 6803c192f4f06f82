"""The webhooks in the contract, one operation for each event."""

from typing import Any, Final

from fastapi.routing import APIRoute
from pydantic import AwareDatetime, Field, create_model

from serving.delivery.payloads import PAYLOADS, Payload

_HEADERS: Final = {
    "webhook-id": "The same over all attempts: apply each id once.",
    "webhook-timestamp": "Seconds since 1970-01-01 UTC at which the message was signed.",
    "webhook-signature": "One signature of Standard Webhooks 1.0 for each secret in force.",
}
_PARAMETERS: Final = [
    {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": meaning}
    for name, meaning in _HEADERS.items()
]


def _route(event: str, payload: type[Payload]) -> APIRoute:
    def receive(body: Any) -> None:
        """The receiver is the marketplace's."""

    receive.__annotations__["body"] = create_model(
        f"{payload.__name__}Event",
        type=(str, Field(json_schema_extra={"const": event})),
        timestamp=(AwareDatetime, ...),
        data=(payload, ...),
    )
    return APIRoute(
        event,
        receive,
        methods=["POST"],
        status_code=204,
        summary=event,
        description=payload.__doc__ or "",
        operation_id=event.replace(".", "_"),
        responses={"4XX": {"description": "The message is refused."}},
        # The signature of a message is its proof; the receiver asks for no key.
        openapi_extra={"parameters": _PARAMETERS, "security": []},
    )


WEBHOOKS: Final = [_route(event, payload) for event, payload in PAYLOADS.items()]
