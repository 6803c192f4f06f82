"""The brand of a version's case, from the facts of the version and the naming of its listing."""

from features.facts import Facts
from serving.cases.rules.case_brand import CaseBrand, KeptNaming, ResolvedBrand, brand_of_version


def brand_from(facts: Facts, naming: KeptNaming | None) -> CaseBrand:
    """The brand of the version that these facts describe."""
    corrected_at = None if facts.correction is None else facts.correction.known_at
    return brand_of_version(ResolvedBrand(facts.resolved.brand_id, facts.as_of, corrected_at), naming)
