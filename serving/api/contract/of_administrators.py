"""The response about alerts."""

from serving.api.contract.shapes import Moment, Shape


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
