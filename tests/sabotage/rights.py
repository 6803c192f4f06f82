"""Mutants of the right behind a notice."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/rights/rules/rights.py",
        ("tests/serving/rights/rules/test_rights.py",),
        ("if right.state not in _HOLDS:", "if False:", "an unverified right is enough"),
        ("if right.kind not in _KINDS[notice.reason_code]:", "if False:", "a trade mark covers a design"),
        ("if notice.at < right.begins_at:", "if False:", "a right is valid before it begins"),
        ("notice.at >= right.expires_at:", "notice.at > right.expires_at:", "valid one moment too long"),
        ("notice.at >= right.expires_at:", "False:", "an expired right is valid"),
        ("if right.kind not in mandate.kinds:", "if False:", "an agent acts outside the mandate's kinds"),
        ("        if not reach:\n", "        if False:\n", "an agent acts outside the mandate's territory"),
        ("    if notice.sold_in is None:\n", "    if False:\n", "an unknown territory is everywhere"),
        ("if not overlap(reach, notice.sold_in, policy):", "if False:", "a right of another territory is enough"),
        ("at < mandate.expires_at and", "True and", "a mandate never ends"),
        ("(mandate.revoked_at is None or at < mandate.revoked_at)", "True", "a revoked agent acts on"),
        ("right.state is RightState.VERIFIED,", "True,", "unverified rights come first"),
    ),
]
