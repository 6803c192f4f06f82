"""The sellers that shared contacts with the listing's seller at scoring time, each with its path."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from features.contacts import KIND_WORDS, ContactKind
from features.facts import Facts
from features.links import LinkedSeller, Links
from serving.sellers.policy import DEFAULT_LINKS
from serving.web import text_view
from serving.web.wording import words

MOST_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class LinksCard:
    """The card; it is hidden without known `contacts`."""

    contacts: int
    paths: tuple[SimpleNamespace, ...]
    notes: tuple[str, ...]


def links_card(facts: Facts) -> LinksCard:
    """The card of the facts' seller: links with confirmed counterfeits first, then the nearest."""
    links = facts.seller.links
    if links is None or not links.contacts:
        return LinksCard(0, (), ())
    ordered = sorted(links.sellers, key=lambda one: not one.counterfeit)
    shown = ordered[:MOST_SHOWN]
    return LinksCard(links.contacts, tuple(_path(one) for one in shown), tuple(_notes(links, len(shown))))


def _path(one: LinkedSeller) -> SimpleNamespace:
    first, *others = one.path
    parts = [f"Same {KIND_WORDS[first.kind]} as seller {first.seller}"]
    parts += [f"which shares {_a(step.kind)} with seller {step.seller}" for step in others]
    return SimpleNamespace(sentence=text_view.show(", ".join(parts)), counterfeit=one.counterfeit, genuine=one.genuine)


def _a(kind: ContactKind) -> str:
    return f"{'an' if KIND_WORDS[kind][0] in 'ae' else 'a'} {KIND_WORDS[kind]}"


def _notes(links: Links, shown: int) -> list[str]:
    notes = []
    if not links.sellers:
        notes.append(
            f"No other seller was known to share any of this seller's {words.many(links.contacts, 'contact')}."
        )
    if len(links.sellers) > shown:
        notes.append(f"{words.many(len(links.sellers) - shown, 'more linked seller')} not shown.")
    if links.more:
        notes.append(f"More sellers are linked. Only the nearest {DEFAULT_LINKS.most_linked} were traced.")
    if links.common:
        verb = "is" if links.common == 1 else "are"
        notes.append(
            f"{words.many(links.common, 'contact')} {verb} shared by more than "
            f"{DEFAULT_LINKS.most_sellers_of_a_contact} sellers (as with a forwarding service) and links no sellers."
        )
    return notes
