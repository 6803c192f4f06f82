"""The linked accounts in the scope of a sanction, each with its path. People decide about each. Stdlib only."""

from collections.abc import Collection
from dataclasses import dataclass

from features.links import LinkedSeller, Links
from features.message import Message, message
from models.policies.sellers import SanctionPolicy


@dataclass(frozen=True, slots=True)
class Account:
    """A linked account; `spared_because` is why no sanction is proposed for it, None where one is."""

    linked: LinkedSeller
    path: Message
    spared_because: Message | None = None

    @property
    def seller(self) -> str:
        """The marketplace's id of the account."""
        return self.linked.path[-1].seller


def linked_accounts(links: Links, spared: Collection[str], policy: SanctionPolicy) -> tuple[Account, ...]:
    """The linked accounts, nearest first, with whether a sanction of the first one is proposed for each.

    `spared` are sellers whom a brand has authorised or who are on the allow list. In a component above the
    cap every account is spared, because a shared forwarding service, not one person, creates such components.
    """
    crowded = links.more or len(links.sellers) > policy.most_reached
    accounts = []
    for seller in links.sellers:
        why = None
        if crowded:
            why = message("reach.crowded", n=policy.most_reached)
        elif len(seller.path) > policy.most_steps:
            why = message("reach.far", n=policy.most_steps)
        elif seller.path[-1].seller in spared:
            why = message("reach.trusted")
        accounts.append(Account(seller, path_message(seller), why))
    return tuple(accounts)


def path_message(linked: LinkedSeller) -> Message:
    """The path to a linked seller, as a message."""
    first, *others = linked.path
    steps = [message("link", contact=message(f"contact.{first.kind.value}"), seller=first.seller)]
    steps += [
        message("link.further", contact=message(f"contact.{step.kind.value}"), seller=step.seller) for step in others
    ]
    return message("link.path", steps=tuple(steps))
