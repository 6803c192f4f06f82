"""The settings of the rules of webhooks: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The retry schedule of failed deliveries, and the pause of a failing receiver.


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Settings of `serving.webhooks.rules.delivery`."""

    # The example schedule of Standard Webhooks 1.0; the last delay repeats until `give_up_after_days`.
    retry_delays_seconds: tuple[int, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    # Messages that failed together must not retry together.
    jitter_share: float = 0.2
    # A receiver that is down for three days can recover for four more before anybody must replay by hand.
    give_up_after_days: float = 7.0
    # If one acknowledgement in five is lost, chance loses ten in a row once in ten million deliveries.
    rest_after_failures: int = 10
    # During a pause one message at a time probes the receiver, so a short pause is enough.
    first_rest_seconds: int = 60
    # The longest delay of the first message to a recovered receiver.
    longest_rest_seconds: int = 900
    # As the longest pause that a person can ask for: messages become undeliverable after a week.
    longest_asked_rest_seconds: int = 259_200


DEFAULT_DELIVERY: Final = DeliveryPolicy()
