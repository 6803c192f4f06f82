"""To which linked accounts a sanction could reach, each with the path; people decide about every one. Stdlib only."""

from collections.abc import Collection
from dataclasses import dataclass

from features.contacts import KIND_WORDS
from features.links import LinkedSeller, Links
from models.policies.sellers import SanctionPolicy


@dataclass(frozen=True, slots=True)
class Account:
    """A linked account; `spared_because` says why nothing is proposed for it, None where something is."""

    linked: LinkedSeller
    path: str
    spared_because: str | None = None

    @property
    def seller(self) -> str:
        """The marketplace's id of it."""
        return self.linked.path[-1].seller


def reach(links: Links, spared: Collection[str], policy: SanctionPolicy) -> tuple[Account, ...]:
    """The linked accounts, nearest first, with whether a sanction of the first one is proposed for each.

    `spared` are sellers whom a brand has authorised or who are on the allow list. A component above the cap spares
    everybody in it: a contact of a forwarding service makes such, and they are not one person's shops.
    """
    crowded = links.more or len(links.sellers) > policy.most_reached
    found = []
    for one in links.sellers:
        why = None
        if crowded:
            why = f"More than {policy.most_reached} accounts are linked; so many are rarely one person's."
        elif len(one.path) > policy.most_steps:
            why = f"More than {policy.most_steps} steps away."
        elif one.path[-1].seller in spared:
            why = "Authorised by a brand or on the allow list."
        found.append(Account(one, path_of(one), why))
    return tuple(found)


def path_of(linked: LinkedSeller) -> str:
    """The way to a linked seller, in words."""
    first, *others = linked.path
    parts = [f"same {KIND_WORDS[first.kind]} as {first.seller}"]
    parts += [f"which has the same {KIND_WORDS[step.kind]} as {step.seller}" for step in others]
    return ", ".join(parts)
