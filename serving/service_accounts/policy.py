"""The settings of the rules of service accounts: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ServiceAccountPolicy:
    """Settings of `serving.service_accounts.rules`."""

    # As `SecondFactorPolicy.counts_after_hours`: a thief could otherwise register a key and use it at once. In a day
    # the people of the brand read the mail about it. Ours.
    key_counts_after_hours: int = 24
    # How old a signature may be. A nonce is kept as long, so a recorded request is refused. RFC 9421, section 7.2.2,
    # asks for a limit and names none.
    signature_seconds: int = 300
    # One for each of a brand's programs; more are hard to keep an overview of. Ours.
    most_accounts: int = 10
    # The key in use, and the one that follows it.
    most_keys: int = 2
    # A day with more than so many times the usual one waits for a person: a contract's figure says what may come, and
    # the record what does. Ours.
    times_usual: float = 2.0


DEFAULT_SERVICE_ACCOUNTS: Final = ServiceAccountPolicy()
