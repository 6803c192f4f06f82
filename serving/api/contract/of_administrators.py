"""The responses about alerts, kill switches and undelivered messages."""

from pydantic import Field

from serving.api.contract.shapes import Moment, Page, Shape


class Alert(Shape):
    """An open alert."""

    cause: str
    sentence: str
    raised_at: Moment


class RuleOff(Shape):
    """An automatic rule that is switched off."""

    rule: str
    reason: str
    off_since: Moment


class Alerts(Shape):
    """Open alerts and rules that are switched off."""

    alerts: list[Alert]
    switched_off: list[RuleOff]


class Rule(Shape):
    """An automatic rule and its kill switch."""

    marketplace_id: str
    rule: str
    name: str
    on: bool
    says: str
    since: Moment | None
    by: str | None
    reason: str | None


class Rules(Shape):
    """Every automatic rule."""

    rules: list[Rule]


class Switched(Shape):
    """The new state of a kill switch."""

    rule: str
    marketplace_id: str
    on: bool


class Receiver(Shape):
    """The state of the marketplace's receiver."""

    url: str
    failures: int
    failing_since: Moment | None
    paused_until: Moment | None = Field(alias="rests_until")


class DeadLetter(Shape):
    """A message whose delivery was given up."""

    action_id: str
    kind: str
    listing_external_id: str | None
    seller_external_id: str | None
    requested_listing: str | None = Field(description="Of a `listing.requested`: the listing as a brand named it.")
    sequence: int
    attempts: int
    first_sent_at: Moment | None
    last_error: str | None


class DeadLetters(Page):
    """The receiver, and the messages that did not reach it."""

    receiver: Receiver | None
    dead: list[DeadLetter]


class Replayed(Shape):
    """The messages that are sent again."""

    replayed: list[str]
