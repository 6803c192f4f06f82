"""Notices of Article 16 of Regulation (EU) 2022/2065: their required elements, priority, states and results.

The right that a notice names: what the notifier says, which nobody has verified.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, Invalid
from models.verdict import Judgement, Outcome, ReasonCode
from serving.brands.rules.rights import RightKind
from serving.notices.policy import NoticePolicy
from serving.takedowns.rules.public_statement import Source

LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class NamedRight:
    """A right as the notifier names it; what is left out is empty. `office` registered it under `number`."""

    kind: str = ""
    office: str = ""
    number: str = ""
    owner: str = ""
    by_power_of_attorney: bool = False


NO_RIGHT: Final = NamedRight()


def strip_right(named_right: NamedRight) -> NamedRight:
    """The right without surrounding blanks.

    Raises Invalid (the kind is unknown, or a text is too long or has line breaks).
    """
    texts = {
        "office": named_right.office.strip(),
        "number": named_right.number.strip(),
        "owner": named_right.owner.strip(),
    }
    if named_right.kind and named_right.kind not in {kind.value for kind in RightKind}:
        raise Invalid("Choose the kind of the right, or leave it out.")
    if any(len(text) > LONGEST or not text.isprintable() for text in texts.values()):
        raise Invalid(
            "Office, number and owner of a right must each be one line of at most {most} characters.", most=LONGEST
        )
    return NamedRight(named_right.kind, **texts, by_power_of_attorney=named_right.by_power_of_attorney)


LONGEST_EXPLANATION: Final = 5_000
LONGEST_PLACE: Final = 2_000
LONGEST_NAME: Final = 200
LONGEST_EMAIL: Final = 320
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+\Z")
# Twenty characters are three words; less is no 'sufficiently substantiated explanation'.
_SHORTEST_EXPLANATION: Final = 20


class ReporterKind(StrEnum):
    """The kind of notifier. An e-mail address proves no identity, so other kinds require a registration."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    BRAND = "brand"  # Acts for a brand that is enrolled here.
    TRUSTED_FLAGGER = "trusted_flagger"  # Article 22: awarded by a Digital Services Coordinator.


class Channel(StrEnum):
    """The channel by which a notice came."""

    FORM = "form"
    API = "api"


class Element(StrEnum):
    """The four elements of Article 16(2), and the reason code that our statistics use."""

    EXPLANATION = "explanation"  # (a)
    LOCATIONS = "locations"  # (b)
    NAME = "name"  # (c)
    EMAIL = "email"  # (c)
    GOOD_FAITH = "good_faith"  # (d)
    REASON_CODE = "reason_code"


class ItemState(StrEnum):
    """The state of one notified listing. All but `waiting` and `decided` are final on receipt of the notice."""

    WAITING = "waiting"  # A case is open.
    DECIDED = "decided"
    UNKNOWN_LISTING = "unknown_listing"  # Stored as it was named; the marketplace has no such listing.
    REPEATED = "repeated"  # An earlier notice of the same listing by the same reporter still waits.
    MUTED = "muted"  # Stored without a case: its reporter is muted.


class NoticeOutcome(StrEnum):
    """The result of a decided notice."""

    REMOVED = "removed"
    NO_ACTION = "no_action"
    ALREADY_REMOVED = "already_removed"
    INVALID = "invalid"  # An analyst found that it is no notice of this listing; nobody judged the goods.


# No verdict that can be undone is behind them.
FINAL_AT_ONCE: Final = frozenset({NoticeOutcome.ALREADY_REMOVED, NoticeOutcome.INVALID})


class InvalidReason(StrEnum):
    """Why a notice is invalid; the notifier is told."""

    WRONG_LISTING = "wrong_listing"  # It describes other goods than those of the listing.
    NO_CLAIM = "no_claim"  # It claims no infringement: a question of delivery, quality or price.
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as submitted; missing elements are empty. `locations` are ids or addresses of listings."""

    explanation: str
    locations: tuple[str, ...]
    name: str
    email: str
    good_faith: bool
    reason_code: str
    right: NamedRight = NO_RIGHT


_MISSING: Final = {
    Element.EXPLANATION: Phrase(
        "Explain in at least {least} characters why the listing is illegal: what shows it, and how you know.",
        least=_SHORTEST_EXPLANATION,
    ),
    Element.LOCATIONS: Phrase("Name the exact address of the listing, or its id at the marketplace."),
    Element.NAME: Phrase("Give your name."),
    Element.EMAIL: Phrase("Give an e-mail address for the answer to you."),
    Element.GOOD_FAITH: Phrase(
        "Confirm that you believe in good faith that the information and allegations are accurate and complete."
    ),
    Element.REASON_CODE: Phrase("Choose the problem with the listing."),
}


def missing_elements(draft: Draft) -> dict[Element, Phrase]:
    """The elements that a notice lacks, each with the phrase that asks for it; empty where it is complete.

    Only presence and form are checked. The decision on the notice judges whether the content is true.
    """
    lacking = {
        Element.EXPLANATION: len(draft.explanation.strip()) < _SHORTEST_EXPLANATION,
        Element.LOCATIONS: not any(place.strip() for place in draft.locations),
        Element.NAME: not draft.name.strip(),
        Element.EMAIL: not _EMAIL.match(draft.email.strip()),
        Element.GOOD_FAITH: not draft.good_faith,
        Element.REASON_CODE: draft.reason_code not in {code.value for code in ReasonCode},
    }
    return {element: _MISSING[element] for element, lacks in lacking.items() if lacks}


def check_lengths(draft: Draft) -> None:
    """Refuse a text that is too long to store, or that contains line breaks in a one-line field.

    Raises Invalid (a text is refused; the sentence says which).
    """
    if len(draft.explanation) > LONGEST_EXPLANATION:
        raise Invalid("An explanation can have at most {most:,} characters.", most=LONGEST_EXPLANATION)
    if len(draft.name) > LONGEST_NAME:
        raise Invalid("A name can have at most {most:,} characters.", most=LONGEST_NAME)
    if len(draft.email) > LONGEST_EMAIL:
        raise Invalid("An e-mail address can have at most {most:,} characters.", most=LONGEST_EMAIL)
    if any(len(place) > LONGEST_PLACE for place in draft.locations):
        raise Invalid("The address of a listing can have at most {most:,} characters.", most=LONGEST_PLACE)
    if not draft.name.isprintable():
        raise Invalid("A name must be one line of text.")
    if not draft.email.isprintable():
        raise Invalid("An e-mail address must be one line of text.")


_TRANSITIONS: Final = {(ItemState.WAITING, True): ItemState.DECIDED, (ItemState.DECIDED, False): ItemState.WAITING}


def next_state(state: ItemState, *, decided: bool) -> ItemState:
    """The state after the decision of its case, or after the case was opened again.

    Raises Conflict (it was settled on receipt, or already has that state).
    """
    following = _TRANSITIONS.get((state, decided))
    if following is None:
        raise Conflict("A notice that is {state} is not decided by a case.", state=state.value.replace("_", " "))
    return following


def outcome_of(outcome: Outcome, *, removal_stands: bool) -> NoticeOutcome:
    """What a verdict that ends a case means for the notifiers of the listing.

    `removal_stands` is true where the verdict upholds a removal on the seller's appeal, which causes no new removal.
    """
    removed = outcome is Outcome.REMOVE or removal_stands
    return NoticeOutcome.REMOVED if removed else NoticeOutcome.NO_ACTION


def source_of(opened_by: ReporterKind | None) -> Source:
    """The source of a decision, by the notifier whose notice opened its case; None where no notice did.

    A notice that joined an open case is not the source: the review had already begun.
    """
    if opened_by is None:
        return Source.VOLUNTARY
    return Source.TRUSTED_FLAGGER if opened_by is ReporterKind.TRUSTED_FLAGGER else Source.NOTICE


_RIGHT: Final = frozenset({Judgement.COUNTERFEIT})
_WRONG: Final = frozenset({Judgement.GENUINE, Judgement.LICENSED})


def was_founded(judgement: Judgement | None, *, overturned: bool, invalid: bool = False) -> bool | None:
    """Whether a notice was founded; None where it counts neither way. `judgement` is None where nobody judged.

    An invalid notice counts as unfounded, whatever its reason. A notice of genuine goods counts also where it was an
    honest mistake, and a notice about the wrong listing is the same mistake. One mistake costs nothing: a warning needs
    ten unfounded notices and nine in ten, and only a person mutes.

    Grey market and 'cannot tell' leave the listing up and count against no reporter or brand: the goods are genuine
    but sold in the wrong market, or nobody could determine what they are.
    """
    if invalid:
        return False
    if judgement in _RIGHT:
        return not overturned
    return False if judgement in _WRONG else None


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """The place of a notice in the queue: the priority of its case, its deadline in hours, and the reason."""

    priority: float
    within_hours: int
    reason: Message


# Above the expected harm of any listing and below a seller's appeal (1e12): an order of claims, not of suspicion.
_TRUSTED: Final = 3e9
_GOOD_STANDING: Final = 2e9
_MOST_HARM: Final = 1e9


def place_in_queue(
    kind: ReporterKind, *, good_standing: bool, doubted: bool, harm: float, policy: NoticePolicy
) -> QueuePlace:
    """The place of a notice in the queue.

    Trusted flaggers come first, as Article 22(1) requires. Brands in good standing follow, who must be right in 90 % of
    their confirmations. All others, including brands without good standing, are sorted by the expected harm of leaving
    the listing up, as every case is. Notices of a reporter with surely most notices unfounded come last; no notice is
    dropped because of its reporter's record.
    """
    capped = min(harm, _MOST_HARM)
    if kind is ReporterKind.TRUSTED_FLAGGER:
        return QueuePlace(_TRUSTED + capped, policy.priority_within_hours, message("place.trusted"))
    if kind is ReporterKind.BRAND and good_standing:
        return QueuePlace(_GOOD_STANDING + capped, policy.priority_within_hours, message("place.good_standing"))
    if doubted:
        return QueuePlace(0.0, policy.plain_within_hours, message("place.doubted"))
    return QueuePlace(capped, policy.plain_within_hours, message("place.harm"))


def due_within(place: QueuePlace) -> timedelta:
    return timedelta(hours=place.within_hours)


_MOST_PARTS: Final = 20
_SEPARATORS: Final = re.compile(r"[/?&=#;]+")


def possible_ids(location: str) -> Sequence[str]:
    """Possible names of a listing in an address: the location itself and its first parts, each once.

    >>> possible_ids("https://bazaar.example/item/MP-9?ref=mail")
    ('https://bazaar.example/item/MP-9?ref=mail', 'bazaar.example', 'item', 'MP-9', 'ref', 'mail')
    """
    whole = location.strip()
    parts = [whole] if whole else []
    if "://" in whole:
        parts += [part for part in _SEPARATORS.split(whole.partition("://")[2]) if part]
    return tuple(dict.fromkeys(parts))[:_MOST_PARTS]
