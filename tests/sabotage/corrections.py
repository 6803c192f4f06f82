"""Mutants of corrected brands in facts, and of the aliases that corrections propose."""

from tests.sabotage.mutant import sabotage

_RULES = ("tests/serving/brands/rules/test_alias_proposals.py",)
_SERVICE = ("tests/serving/account_management/service/test_alias_decisions.py",)
_FACTS = ("tests/serving/review/service/test_corrected_facts.py",)

MUTANTS = [
    *sabotage(
        "features/corrections.py",
        ("tests/features/test_corrections.py",),
        ("if one.known_at >= as_of:", "if one.known_at > as_of:", "a correction of the moment itself"),
        ("        elif given:\n            given.pop()\n", "", "an undo restores nothing"),
        ("return given[-1] if given", "return given[0] if given", "the first correction stays"),
        ("    if before.brand_id != now.brand_id:\n        return False\n", "", "another brand's goods stay corrected"),
        (" or _alike(named.title, listing.title)", "", "a slight edit ends a correction"),
        ("if words else not later", "if words else True", "any title is like none"),
        ("named.mark if named.brand_id is None else", "None if named.brand_id is None else", "the mark is lost"),
        ("() if named.brand_id is None else", "resolved.candidates if named.brand_id is None else", "candidates stay"),
    ),
    *sabotage(
        "features/facts.py",
        ("tests/features/test_corrections.py",),
        ("if naming is not None and holds(naming, listing, register):", "if naming is not None:", "it always holds"),
    ),
    *sabotage(
        "serving/cases/rules/case_brand.py",
        ("tests/serving/cases/rules/test_case_brand.py",),
        ("found.as_of <= kept.changed_at and ", "", "later facts without the naming do not count"),
        (" or found.corrected_at == kept.known_at", "", "the facts' own correction does not count"),
    ),
    *sabotage(
        "serving/intake/service/intake_rows.py",
        _FACTS,
        ("reference_keys(step.listing, facts.resolved)", "reference_keys(step.listing, facts.brand)", "prices move"),
        ("protected=facts.resolved", "protected=facts.brand", "a seller's other listings move"),
    ),
    *sabotage(
        "serving/review/service/naming.py",
        _FACTS,
        ("        if given.user_id != person.user_id:\n", "        if False:\n", "anybody undoes a naming"),
    ),
    *sabotage(
        "serving/brands/rules/alias_proposals.py",
        _RULES,
        ("elif one.user_id not in without:", "else:", "the manager's own corrections count"),
        ("        found.listings >= policy.fewest_listings\n", "        True\n", "one listing is enough"),
        ("        and found.sellers >= policy.fewest_sellers\n", "", "one seller is enough"),
        ("        and share >= policy.least_share\n", "", "an ambiguous spelling is proposed"),
        ("    if spelling.taken:\n", "    if False:\n", "another brand's name is proposed"),
        ("    if spelling.nameless:\n", "    if False:\n", "words that name nobody are proposed"),
        ("if decided and found", "if False and found", "a dismissed alias returns at once"),
        ("    if aliases >= policy.most_aliases:\n", "    if False:\n", "no limit on aliases"),
    ),
    *sabotage(
        "serving/account_management/service/alias_decisions.py",
        _SERVICE,
        ("        kept_by(connection, person, pair[1], pair[0])\n", "", "anybody decides"),
        ("without=own", "without=()", "a manager accepts what their own corrections produced"),
        ("same_person(context.roots, {context.person.user_id})", "{context.person.user_id}", "puppets count"),
        ("        if found.state is not before:\n", "        if False:\n", "decided twice"),
    ),
    *sabotage(
        "serving/brands/store/aliases.py",
        _SERVICE,
        ("            row.decided_at <= as_of,\n", "", "an alias was known before it was accepted"),
        (" | (row.removed_at > as_of)", "", "a removed alias was never there"),
    ),
]
