"""Hard evidence: findings about a listing that convince without a model and are shown whatever their weight.

Those of a family are named evidence, by which routing decides who is asked (`models.routing`).
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import FEATURES, NAMES
from features.lexicon import Kind
from features.message import Message, quote_message
from features.spec import Evidence
from models.routing import EvidenceFamily
from models.score import AMBIGUOUS

# The features whose words are findings, in the order in which they convince, by family. Those without one are shown but
# not named: honest sellers write such wording and paste invisible marks, and a category holds cheap and dear brands. Of
# listings with such wording below 30 % were counterfeit, and 8 % of those cheap in their category.
_BY_FAMILY: Final[tuple[tuple[EvidenceFamily | None, tuple[str, ...]], ...]] = (
    (EvidenceFamily.WORDING, ("text_replica_grade", "text_factory")),
    (None, ("text_inspired",)),
    (EvidenceFamily.OBFUSCATION, ("text_evasion",)),
    (None, ("text_overclaim", "text_no_papers")),
    (EvidenceFamily.INDICATOR, ("brand_tell_tales_of_counterfeits",)),
    (EvidenceFamily.OBFUSCATION, ("brand_disguised", "text_mixed_words")),
    (None, ("text_invisible",)),
    (EvidenceFamily.BRAND, ("brand_near_miss", "brand_declared_near_miss")),
    (EvidenceFamily.CONTACT, ("text_contact", "text_contacts", "text_hidden_links", "text_links")),
    (EvidenceFamily.COPY, ("likeness_own_counterfeit", "likeness_counterfeit")),
    (EvidenceFamily.SELLER, ("seller_confirmed_counterfeits", "seller_linked_counterfeiters")),
    (EvidenceFamily.RETURNS, ("item_fake_returns_30d",)),
    (EvidenceFamily.PRICE, ("price_to_list", "price_to_brand_category")),
    (None, ("price_to_category",)),
    (EvidenceFamily.PRICE, ("likeness_price_level",)),
)
_FAMILY: Final = {name: family for family, names in _BY_FAMILY for name in names}
# The lexicon's kinds of wording. Wording of an honest use is none.
_KIND: Final = {
    "text_replica_grade": Kind.GRADE,
    "text_factory": Kind.FACTORY,
    "text_inspired": Kind.INSPIRED,
    "text_evasion": Kind.EVASION,
    "text_overclaim": Kind.AUTHENTICITY,
    "text_no_papers": Kind.DOCUMENTS,
    "text_contact": Kind.CONTACT,
}
# One letter from a registered name is a misspelling of it; two letters are too often another word.
_ABOVE: Final = {"brand_near_miss": 0.5, "brand_declared_near_miss": 0.5}
# Below 35 % of a price for the same goods; the scorecard's stronger band. Our choice.
# A category holds cheap and dear brands, so its median says less. Corsearch Zeal: below 20 % of average retail.
_BELOW: Final = {
    "price_to_list": math.log(0.35),
    "price_to_brand_category": math.log(0.35),
    "price_to_category": math.log(0.2),
    "likeness_price_level": math.log(0.35),
}
# Goods at a tenth of a price are others: a strap, a box, a part. Of 200 such listings that were routed, 2 were fake.
_OTHER_GOODS: Final = math.log(0.1)
# A median of fewer listings moves with a single seller's.
_FEWEST_REFERENCE_LISTINGS: Final = 20
_COLUMN: Final = {name: column for column, name in enumerate(NAMES)}


def hard_evidence(e: Evidence, vector: NDArray[np.float64]) -> tuple[Message, ...]:
    """The findings, the most convincing first.

    In order: wording of the lexicon, the brand's own indicators, obfuscated text, contact details, copies of confirmed
    counterfeits, the judged history of the seller, returns as counterfeit, prices far below others, and last wording
    that alone proves nothing.

    `vector` has shape (n_features,).
    """
    return tuple(finding for _, finding in _findings(e, vector))


def named_evidence(e: Evidence, vector: NDArray[np.float64]) -> tuple[EvidenceFamily, ...]:
    """The families of the findings, in the order of `hard_evidence`; `vector` has shape (n_features,)."""
    return tuple(family for name, _ in _findings(e, vector) if (family := _family(name, e, vector)) is not None)


def _family(name: str, e: Evidence, vector: NDArray[np.float64]) -> EvidenceFamily | None:
    """The family of a finding, None where it is about other goods, such as parts, or the median is of few listings."""
    family, reference = _FAMILY.get(name), e.facts.price.brand_category
    few = name == "price_to_brand_category" and (reference is None or reference.n < _FEWEST_REFERENCE_LISTINGS)
    other_goods = vector[_COLUMN["text_honest_use"]] > 0 or (name in _BELOW and vector[_COLUMN[name]] < _OTHER_GOODS)
    return None if few or (other_goods and family in {EvidenceFamily.PRICE, EvidenceFamily.WORDING}) else family


def _findings(e: Evidence, vector: NDArray[np.float64]) -> Iterator[tuple[str, Message]]:
    """The findings with the names of their features. A category's median counts where the brand's is unknown."""
    kinds = e.reading.kinds
    strong = {kind for kind, matches in kinds.items() if any(match.specificity != "weak" for match in matches)}
    known = not math.isnan(vector[_COLUMN["price_to_brand_category"]])
    for name in _FAMILY:
        feature_value = float(vector[_COLUMN[name]])
        applies = feature_value < _BELOW[name] if name in _BELOW else feature_value > _ABOVE.get(name, 0.0)
        if not applies or (name in _KIND and _KIND[name] not in strong) or (name == "price_to_category" and known):
            continue
        if (finding := FEATURES[_COLUMN[name]].say(e, feature_value)) is not None:
            yield name, finding
    weak = [match.words for kind in _KIND.values() if kind not in strong for match in kinds.get(kind, ())]
    if weak:
        yield AMBIGUOUS, quote_message(AMBIGUOUS, weak)
