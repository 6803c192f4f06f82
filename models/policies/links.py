"""When a shared contact links two sellers, and how far links are followed."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Settings of `models.links.Walk`."""

    # A telephone or an address that more sellers have is that of an agent, a forwarding service or the marketplace: it
    # says where they buy a service, not who they are. People with ten shops exist; with eleven the next sign must do.
    most_sellers_of_a_contact: int = 10
    # A person can check a couple of dozen; a larger component is more likely a mistake of the rule above than an
    # organisation.
    most_linked: int = 20
    # Each step is an exact match and still a coincidence now and then; of five in a row one mostly is.
    most_steps: int = 4


DEFAULT_LINKS: Final = LinkPolicy()
