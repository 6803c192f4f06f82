"""Hard evidence: findings about a listing that convince without a model and are shown whatever their weight.

Those of a family are named evidence, by which routing decides who is asked (`models.evidence_families`).
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.lexicon import Kind
from features.message import Message, quote_message
from features.spec import Evidence
from models.evidence_families import EvidenceFamily
from models.score import AMBIGUOUS


class NamedEvidence(NamedTuple):
    """A finding with its family."""

    family: EvidenceFamily
    message: Message


# The lexicon's kinds of wording in the order in which they convince. Wording of an honest use is none.
_WORDING: Final = {
    Kind.GRADE: "text_replica_grade",
    Kind.FACTORY: "text_factory",
    Kind.INSPIRED: "text_inspired",
    Kind.EVASION: "text_evasion",
    Kind.AUTHENTICITY: "text_overclaim",
    Kind.DOCUMENTS: "text_no_papers",
}
_INDICATORS: Final = "brand_tell_tales_of_counterfeits"
_OBFUSCATED: Final = ("brand_disguised", "text_mixed_words", "text_invisible")
# One letter from a registered name is a misspelling of it; two letters are too often another word.
_MISSPELT: Final = ("brand_near_miss", "brand_declared_near_miss")
_CONTACT: Final = ("text_contacts", "text_hidden_links", "text_links")
_COPIES: Final = ("likeness_own_counterfeit", "likeness_counterfeit")
_JUDGED: Final = ("seller_confirmed_counterfeits", "seller_linked_counterfeiters")
_RETURNS: Final = "item_fake_returns_30d"
# Below 35 % of a price for the same goods; the scorecard's stronger band. Our choice.
_FAR_BELOW: Final = math.log(0.35)
# A category holds cheap and dear brands, so its median says less. Corsearch Zeal: below 20 % of average retail.
_FAR_BELOW_CATEGORY: Final = math.log(0.2)
# Goods at a tenth of a price are others: a strap, a box, a part. Of 200 such listings that were routed, 2 were fake.
_OTHER_GOODS: Final = math.log(0.1)
# A median of fewer listings moves with a single seller's.
FEWEST_REFERENCE_LISTINGS: Final = 20
# Wording that honest sellers use as well, and the median of a category, which holds cheap and dear brands, are shown
# but not named: below 30 % of listings with them were counterfeit, and 8 % of those cheap in their category.
_FAMILY: Final = {
    "text_replica_grade": EvidenceFamily.WORDING,
    "text_factory": EvidenceFamily.COMBINED,
    "text_evasion": EvidenceFamily.WORDING,
    _INDICATORS: EvidenceFamily.INDICATOR,
    **dict.fromkeys(_OBFUSCATED, EvidenceFamily.OBFUSCATION),
    **dict.fromkeys(_MISSPELT, EvidenceFamily.BRAND),
    **dict.fromkeys(("text_contact", *_CONTACT), EvidenceFamily.CONTACT),
    **dict.fromkeys(_COPIES, EvidenceFamily.COPY),
    **dict.fromkeys(_JUDGED, EvidenceFamily.SELLER),
    _RETURNS: EvidenceFamily.RETURNS,
    **dict.fromkeys(("price_to_list", "price_to_brand_category", "likeness_price_level"), EvidenceFamily.PRICE),
}
# From the weight of strong wording on in the lexicon; less is ambiguous.
_PRECISE: Final = 3.0
_COLUMN: Final = {name: column for column, name in enumerate(NAMES)}


def hard_evidence(e: Evidence, vector: NDArray[np.float64]) -> tuple[Message, ...]:
    """The findings, the most convincing first.

    In order: wording of the lexicon, the brand's own indicators, obfuscated text, contact details, copies of confirmed
    counterfeits, the judged history of the seller, returns as counterfeit, prices far below others, and last wording
    that alone proves nothing.

    `vector` has shape (n_features,).
    """
    return tuple(finding for _, finding in _findings(e, vector))


def named_evidence(e: Evidence, vector: NDArray[np.float64]) -> tuple[NamedEvidence, ...]:
    """The findings of a family in the closed list, in the order of `hard_evidence`.

    Wording and prices of listings with wording of an honest use ("compatible with") are of other goods. `vector` has
    shape (n_features,).
    """
    other_goods = bool(vector[_COLUMN["text_honest_use"]] > 0)
    return tuple(
        NamedEvidence(family, finding)
        for name, finding in _findings(e, vector)
        if (family := _family(name, vector)) is not None
        and not (other_goods and family in {EvidenceFamily.PRICE, EvidenceFamily.WORDING, EvidenceFamily.COMBINED})
        and not (family is EvidenceFamily.PRICE and _is_doubtful_price(name, e, vector))
    )


def _family(name: str, vector: NDArray[np.float64]) -> EvidenceFamily | None:
    ambiguous = name == "text_replica_grade" and vector[_COLUMN[name]] < _PRECISE
    return EvidenceFamily.COMBINED if ambiguous else _FAMILY.get(name)


def _is_doubtful_price(name: str, e: Evidence, vector: NDArray[np.float64]) -> bool:
    """Whether a low price is that of other goods, or below the median of too few listings."""
    reference = e.facts.price.brand_category
    few = reference is None or reference.n < FEWEST_REFERENCE_LISTINGS
    return bool(vector[_COLUMN[name]] < _OTHER_GOODS) or (name == "price_to_brand_category" and few)


def _findings(e: Evidence, vector: NDArray[np.float64]) -> Iterator[tuple[str, Message]]:
    """The findings with the names of their features."""
    strong = {
        kind for kind, matches in e.reading.kinds.items() if any(match.specificity != "weak" for match in matches)
    }
    yield from _feature_messages(e, vector, {name: 0.0 for kind, name in _WORDING.items() if kind in strong})
    yield from _feature_messages(e, vector, dict.fromkeys((_INDICATORS, *_OBFUSCATED), 0.0))
    yield from _feature_messages(e, vector, dict.fromkeys(_MISSPELT, 0.5))
    yield from _feature_messages(e, vector, {"text_contact": 0.0} if Kind.CONTACT in strong else {})
    yield from _feature_messages(e, vector, dict.fromkeys((*_CONTACT, *_COPIES, *_JUDGED, _RETURNS), 0.0))
    yield from _price_findings(e, vector)
    weak = [
        match.words
        for kind in (*_WORDING, Kind.CONTACT)
        if kind not in strong
        for match in e.reading.kinds.get(kind, ())
    ]
    if weak:
        yield AMBIGUOUS, quote_message(AMBIGUOUS, weak)


def _feature_messages(
    e: Evidence, vector: NDArray[np.float64], above: Mapping[str, float]
) -> Iterator[tuple[str, Message]]:
    """The words of these features where their values are above the bounds."""
    for name, bound in above.items():
        feature_value = float(vector[_COLUMN[name]])
        if feature_value > bound and (finding := FEATURES[_COLUMN[name]].say(e, feature_value)) is not None:
            yield name, finding


def _price_findings(e: Evidence, vector: NDArray[np.float64]) -> Iterator[tuple[str, Message]]:
    """Prices far below the list price or a median: that of the brand, or of the category where that is unknown."""
    bounds = {"price_to_list": _FAR_BELOW, "likeness_price_level": _FAR_BELOW}
    if math.isnan(vector[_COLUMN["price_to_brand_category"]]):
        bounds["price_to_category"] = _FAR_BELOW_CATEGORY
    else:
        bounds["price_to_brand_category"] = _FAR_BELOW
    for name in ("price_to_list", "price_to_brand_category", "price_to_category", "likeness_price_level"):
        feature_value = float(vector[_COLUMN[name]])
        if (
            name in bounds
            and feature_value < bounds[name]
            and (finding := FEATURES[_COLUMN[name]].say(e, feature_value)) is not None
        ):
            yield name, finding
