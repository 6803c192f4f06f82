"""The brand of a case: how it was found, who named it, and the form that names or corrects it."""

from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Final

from sqlalchemy import Connection

from features.brands import Brand, Method
from features.facts import Facts
from models.case import CaseLane
from models.errors import BrandNotNamed
from serving.cases.policy import LONGEST_MARK, LONGEST_OWNER, LONGEST_REASON
from serving.cases.rules.case_brand import CaseBrand
from serving.cases.service.brand_search import LONGEST_SEARCH, choices_of
from serving.cases.store import case_brands
from serving.cases.store.case_brands import StoredNaming
from serving.cases.store.cases import Case
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words

NOT_REGISTERED: Final = "none"  # The value of the form's last choice; no brand's id.
_HOW: Final = {
    Method.DECLARED: "The seller declares it.",
    Method.ALIAS: "The seller declares it under another of its names.",
    Method.GTIN_PREFIX: "The GTIN belongs to it.",
    Method.FOLDED_TITLE: "The title names it.",
    Method.CORRECTED: "A reviewer named it on an earlier case.",
}


@dataclass(frozen=True, slots=True)
class BrandDraft:
    """The forms of a refused case page as sent: the brand's and the verdict's, with the reason of the refusal.

    `search` is the text by which brands are searched.
    """

    search: str = ""
    chosen: str = ""
    mark: str = ""
    owner: str = ""
    reason: str = ""
    error: str | None = None
    note: str = ""
    reason_code: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the form is shown opened."""
        return bool(self.search or self.error)


NO_DRAFT: Final = BrandDraft()


def brand_card(
    connection: Connection,
    case: Case,
    facts: Facts,
    name: str | None,
    draft: BrandDraft,
    *,
    user_id: str,
    now: datetime,
) -> SimpleNamespace:
    """The card of a case's brand for a reviewer; `name` is that of the brand or mark, None while it is unresolved."""
    brand_history = case_brands.of_case(connection, case.marketplace_id, case.case_id)
    choices = choices_of(connection, case.marketplace_id, facts, draft.search, now)
    candidates = tuple(candidate for candidate in choices.candidates if candidate.brand_id != case.brand_id)
    hinted = {candidate.brand_id for candidate in candidates}
    last = case_brands.last_naming(brand_history)
    found_brands = tuple(brand for brand in choices.matches if brand.brand_id not in hinted | {case.brand_id})
    return SimpleNamespace(
        name=name,
        owner=case.mark_owner,
        how=_how_found(case.brand, facts, brand_history, candidates),
        history=brand_history[::-1],
        candidates=candidates,
        matches=found_brands,
        draft=draft,
        needed=None if name or case.lane is CaseLane.SECOND_REVIEW else refusal_in_words(BrandNotNamed()),
        may_change=not (name and case.lane is CaseLane.APPEAL),
        may_undo=last is not None and last.user_id == user_id,
        not_registered=NOT_REGISTERED,
        longest={"search": LONGEST_SEARCH, "mark": LONGEST_MARK, "owner": LONGEST_OWNER, "reason": LONGEST_REASON},
    )


def _how_found(brand: CaseBrand, facts: Facts, namings: list[StoredNaming], candidates: tuple[Brand, ...]) -> str:
    """How the brand was found, or why it is unresolved."""
    named = case_brands.last_naming(namings)
    if named is not None and named.brand == brand:
        return "A reviewer named it."
    if brand.brand_id is not None:
        method = facts.brand.method
        resolved = method is not None and facts.brand.brand_id == brand.brand_id
        return _HOW[method] if resolved and method is not None else "A reviewer named it on an earlier case."
    if brand.mark is not None:
        return "A reviewer named it on an earlier case."
    names = words.join_list([candidate.name for candidate in candidates])
    why = f"The listing points to {names}." if names else "The listing names no registered brand."
    return f"{why} Name the brand before you answer “Counterfeit”: the seller is told whose mark it is."
