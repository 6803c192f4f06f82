"""The brand of a case: named by a person where the service cannot resolve it, or corrected."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from features.message import Message, message
from models.case import CaseLane
from serving.cases.policy import LONGEST_MARK, LONGEST_OWNER, LONGEST_REASON

# Invisible, direction and unassigned characters: the text is sent to sellers, and must read as it is.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Typed to get past a required field. A seller who is told one of these still does not know whose mark it is.
_NO_NAMES: Final = frozenset(
    {
        "brand", "brand owner", "mark", "n/a", "na", "no brand", "no name", "none", "not known", "not registered",
        "owner", "rights holder", "tbd", "test", "the brand", "the mark", "the owner", "trade mark", "trademark",
        "unbranded", "unknown", "unknown brand", "unknown owner", "various", "x", "xx", "xxx", "",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseBrand:
    """A registered brand, or a mark that is not registered here with its owner; all None while unresolved."""

    brand_id: str | None = None
    mark: str | None = None
    owner: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether a removal can tell the seller whose mark the goods bear."""
        return bool(self.brand_id or (self.mark and self.owner))


@dataclass(frozen=True, slots=True)
class Naming:
    """The brand that a person names for a case: by its id, or by mark and owner, with the reason of a correction."""

    brand: CaseBrand
    reason: str | None = None

    @classmethod
    def of(cls, *, brand_id: str | None, mark: str | None, owner: str | None, reason: str | None) -> Self:
        """A naming as typed: white space is collapsed, and an empty text counts as missing.

        >>> Naming.of(brand_id=" ", mark=" Vela\\n Nord ", owner="Vela AG", reason="").brand
        CaseBrand(brand_id=None, mark='Vela Nord', owner='Vela AG')
        """
        return cls(
            CaseBrand(_collapse_blanks(brand_id), _collapse_blanks(mark), _collapse_blanks(owner)),
            _collapse_blanks(reason),
        )


def _collapse_blanks(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


@dataclass(frozen=True, slots=True)
class NamingContext:
    """The case that is named. `registered_as` is the registered brand that has the typed mark as a name or alias."""

    now: CaseBrand
    lane: CaseLane
    registered_as: str | None = None


def why_not_name(naming: Naming, context: NamingContext) -> Message | None:
    """The reason that refuses a naming; None where it may be recorded.

    The first naming of an unresolved brand needs no reason, a correction does. A brand that an appeal is about cannot
    be corrected: the seller was told of it and contests just that, so a wrong brand is a ground to uphold the appeal.
    A mark that a registered brand has as its name is that brand, which must be asked where it takes part.
    """
    brand = naming.brand
    if context.lane is CaseLane.APPEAL and context.now.is_named:
        return message("naming.appeal")
    if brand.brand_id is not None:
        problem = None if brand.mark is None and brand.owner is None else message("naming.both")
    else:
        problem = _mark_problem(brand, context.registered_as)
    if problem is not None:
        return problem
    if brand == context.now:
        return message("naming.same")
    if context.now.is_named and naming.reason is None:
        return message("naming.no_reason")
    return None if naming.reason is None else _text_problem("reason", naming.reason, LONGEST_REASON)


def _mark_problem(brand: CaseBrand, registered_as: str | None) -> Message | None:
    if brand.mark is None and brand.owner is None:
        return message("naming.nothing")
    if brand.mark is None:
        return message("naming.no_mark")
    if brand.owner is None:
        return message("naming.no_owner")
    problem = _name_problem("mark", brand.mark, LONGEST_MARK) or _name_problem("owner", brand.owner, LONGEST_OWNER)
    if problem is None and registered_as is not None:
        return message("naming.registered", brand=registered_as)
    return problem


def _name_problem(what: str, text: str, most: int) -> Message | None:
    if text.casefold().strip(" .-") in _NO_NAMES:
        return message(f"naming.{what}.no_name")
    return _text_problem(what, text, most)


def _text_problem(what: str, text: str, most: int) -> Message | None:
    if len(text) > most:
        return message(f"naming.{what}.long", most=most)
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        return message(f"naming.{what}.unseen")
    return None if any(map(str.isalnum, text)) else message(f"naming.{what}.no_name")


def lane_after_naming(lane: CaseLane, *, can_be_asked: bool) -> CaseLane:
    """The lane of a case whose brand has changed: a question goes to the new brand, or back to an analyst."""
    return CaseLane.ANALYST if lane is CaseLane.ASK_BRAND and not can_be_asked else lane


@dataclass(frozen=True, slots=True)
class KeptNaming:
    """The naming of a listing that is in force, and the brand that the evidence of the version named had resolved to.

    `changed_at` is when a naming or an undo last changed the listing's brand, and `known_at` when this one was given.
    """

    brand: CaseBrand
    resolved_id: str | None
    known_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ResolvedBrand:
    """The brand in facts as of a moment: what the evidence resolves, and which naming the facts have in its place."""

    resolved_id: str | None
    as_of: datetime
    corrected_at: datetime | None = None


def brand_of_version(evidence: ResolvedBrand, naming: KeptNaming | None) -> CaseBrand:
    """The brand of a version whose facts are known: as a person named it, while the naming holds.

    Facts that are later than the naming tell whether it holds (`features.corrections.still_applies`). Earlier facts do
    not know it: then it holds while the evidence resolves to the same brand as it did for the version named. A version
    whose evidence names another brand is new evidence, and is resolved again.
    """
    if naming is None:
        return CaseBrand(evidence.resolved_id)
    earlier = evidence.as_of <= naming.changed_at and evidence.resolved_id == naming.resolved_id
    return naming.brand if earlier or evidence.corrected_at == naming.known_at else CaseBrand(evidence.resolved_id)
