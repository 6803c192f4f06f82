"""The payloads of the webhooks, one type for each event: the `data` of its messages."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from serving.sellers.rules.sanction import SellerAct
from serving.webhooks.client import Message
from serving.webhooks.rules.action import ActionKind, RequestKind

_Moment: TypeAlias = Annotated[datetime, PlainSerializer(datetime.isoformat)]


class StatementOfReasons(BaseModel):
    """The statement of reasons to the seller, by the letters of Article 17(3) of the Digital Services Act."""

    model_config = ConfigDict(frozen=True, extra="allow")

    decision: str = Field(description="(a) the listing is removed")
    territory: str | None = Field(None, description="(a) where the removal applies: all countries in which you sell")
    duration: str | None = Field(None, description="(a) the removal has no end date, and what ends it")
    facts: str | None = Field(None, description="(b) who examined what, and the finding")
    source: str | None = Field(None, description="(b) whether a notice came first, or you acted on your own initiative")
    automated_means: str | None = Field(None, description="(c) how the listing was found, and that a person decided")
    legal_ground: str | None = Field(None, description="(d), (e) the provision; it is the law and not your terms")
    ground: str | None = Field(None, description="(d) why the listing infringes it")
    right: str | None = Field(None, description="(d), (e) the mark and its owner")
    redress: str | None = Field(None, description="(f) appeal, settlement body, court")


class Payload(BaseModel):
    """What every event says. `about` begins its name; `subject` is what its sequence counts, and its field."""

    model_config = ConfigDict(frozen=True)
    about: ClassVar[str]
    subject: ClassVar[tuple[str, str] | None] = None

    action: str

    def message(self, message_id: str, at: datetime) -> Message:
        """The message in canonical form, so that a retry sends the same bytes."""
        payload = self.model_dump(exclude_unset=True)
        body = {"type": f"{self.about}.{self.action}", "timestamp": at.isoformat(), "data": payload}
        return Message(message_id, json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


class NumberedPayload(Payload):
    """A payload with its place among the messages about the same subject."""

    action_id: str = Field(description="The id of the message, as in `webhook-id`.")
    sequence: int = Field(description="Rises with every message about the same subject. It has gaps.")


class ListingPayload(NumberedPayload):
    """An action on a listing."""

    about = "listing"
    subject = "listing", "listing_external_id"

    listing_external_id: str = Field(description="Your id of the listing.")
    statement: StatementOfReasons = Field(description="The text for the seller, in plain language.")


class ListingRemoval(ListingPayload):
    """Remove the listing."""

    action: Literal[ActionKind.REMOVE]
    seller_link: str = Field(
        "",
        description="The seller's page about the removal: give it to the seller. Absent if revoked or not wanted.",
        exclude_if=lambda link: not link,
    )


class ListingReinstatement(ListingPayload):
    """Show the listing again."""

    action: Literal[ActionKind.REINSTATE]


class SellerPayload(NumberedPayload):
    """An action on an account."""

    about = "seller"
    subject = "seller", "seller_external_id"

    seller_external_id: str = Field(description="Your id of the seller.")
    statement: StatementOfReasons = Field(description="The text for the seller, in plain language.")


class SellerRestriction(SellerPayload):
    """The account accepts no new listings."""

    action: Literal[SellerAct.RESTRICT]


class SellerSuspension(SellerPayload):
    """The account is closed."""

    action: Literal[SellerAct.SUSPEND]


class SellerRestoration(SellerPayload):
    """The account is as before a restriction or suspension."""

    action: Literal[SellerAct.RESTORE]


class ListingRequest(NumberedPayload):
    """Send a listing that a brand has reported, if you know it."""

    about = "listing"
    subject = "request", "listing"

    action: Literal[RequestKind.REQUESTED]
    listing: str = Field(description="The id or the address as the brand typed it: untrusted text.")
    waits_until: _Moment = Field(description="The end of the report's wait.")


class EndpointTest(Payload):
    """Answer with any 2xx, so that messages are sent to the new endpoint."""

    about = "endpoint"

    action: Literal["test"]


class ReportCompletion(Payload):
    """To a brand's own tool: each listing of its report is decided, and no removal is left to send."""

    about = "report"

    action: Literal["completed"]
    report_id: str
    state: str = Field(description="As `GET /api/v1/brand/reports/{report_id}` answers it.")
    counts: dict[str, int] = Field(description="The listings by their state now, and all of them as `items`.")


LISTING_PAYLOADS: Final[Mapping[ActionKind, type[ListingPayload]]] = {
    ActionKind.REMOVE: ListingRemoval,
    ActionKind.REINSTATE: ListingReinstatement,
}
SELLER_PAYLOADS: Final[Mapping[SellerAct, type[SellerPayload]]] = {
    SellerAct.RESTRICT: SellerRestriction,
    SellerAct.SUSPEND: SellerSuspension,
    SellerAct.RESTORE: SellerRestoration,
}
PAYLOADS: Final[Mapping[str, type[Payload]]] = {
    **{f"listing.{kind}": payload for kind, payload in LISTING_PAYLOADS.items()},
    **{f"seller.{act}": payload for act, payload in SELLER_PAYLOADS.items()},
    "listing.requested": ListingRequest,
    "endpoint.test": EndpointTest,
    "report.completed": ReportCompletion,
}
