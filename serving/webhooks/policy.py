"""The settings of the rules of webhooks: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# How long a marketplace that does not answer is asked again, and when its receiver is left to rest.


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Settings of `serving.webhooks.rules.delivery`."""

    # The example schedule of Standard Webhooks 1.0; its last wait is repeated until the action is given up.
    retry_delays_seconds: tuple[int, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    # Messages that failed together must not retry together.
    jitter_share: float = 0.2
    # A receiver that was down for three days has four more to be mended before anybody must replay by hand.
    give_up_after_days: float = 7.0
    # Where one acknowledgement in five is lost, ten in a row are chance once in ten million deliveries.
    rest_after_failures: int = 10
    # While it rests one message at a time asks whether it is back, so the rest costs it nothing and us little.
    first_rest_seconds: int = 60
    # The longest that a receiver which is back waits for its first message.
    longest_rest_seconds: int = 900


DEFAULT_DELIVERY: Final = DeliveryPolicy()
