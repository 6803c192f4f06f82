"""How the right behind a notice can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/rights/rules/rights.py",
        ("tests/serving/rights/rules/test_rights.py",),
        ("if right.state not in _HOLDS:", "if False:", "what nobody looked at carries"),
        ("if right.kind not in _KINDS[notice.reason_code]:", "if False:", "a mark speaks of a design"),
        ("if notice.at < right.begins_at:", "if False:", "a right carries before it begins"),
        ("notice.at >= right.expires_at:", "notice.at > right.expires_at:", "a moment too long"),
        ("notice.at >= right.expires_at:", "False:", "what has ended carries"),
        ("if right.kind not in mandate.kinds:", "if False:", "an agent acts on what the mandate leaves out"),
        ("        if not reach:\n", "        if False:\n", "an agent acts where the mandate does not reach"),
        ("    if notice.sold_in is None:\n", "    if False:\n", "not known is everywhere"),
        ("if not overlap(reach, notice.sold_in, policy):", "if False:", "a right of elsewhere carries"),
        ("at < mandate.expires_at and", "True and", "a mandate never ends"),
        ("(mandate.revoked_at is None or at < mandate.revoked_at)", "True", "a revoked agent acts on"),
        ("right.state is RightState.VERIFIED,", "True,", "what nobody saw goes before what somebody did"),
    ),
]
