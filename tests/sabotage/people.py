"""How the rules of who gives which role, and of invitations, can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "models/staffing.py",
        ("tests/models/test_staffing.py",),
        ("if grant.marketplace_id not in administered:", "if False:", "anybody grants anything anywhere"),
        ("(grant.role is Role.BRAND) != (grant.brand_id is not None)", "False", "a brand's person of no brand"),
        ("if one.marketplace_id in administered}", "}", "roles elsewhere are taken too"),
        ("if not asked and len(held) == len(before):", "if False:", "somebody without any role is left"),
        ("if not asked and len(held) == len(before):", "if not asked:", "who works elsewhere cannot be sent off"),
        ("if key not in held)", ")", "what is held is given again"),
        ("return grant.role, grant.marketplace_id, grant.brand_id", "return grant", "leading a brand is a role"),
        ("one.role is Role.ADMIN and not", "not", "the last analyst cannot go"),
        (" - {user_id}:", ":", "the last administrator is locked out"),
        ("    if user_id == by:\n", "    if False:\n", "administrators end their own account"),
        ("any(one.marketplace_id not in administered for one in grants)", "False", "others' people are ended"),
        ("if given and user_id == by:", "if False:", "administrators give themselves roles"),
    ),
    *sabotage(
        "serving/db/invitations.py",
        ("tests/serving/usecases/test_inviting.py",),
        ("return invitation.c.used_at.is_(None), ", "return ", "a link works twice"),
        ("invitation.c.withdrawn_at.is_(None), ", "", "a link that was taken back works"),
        (", invitation.c.expires_at > at", "", "a link works for ever"),
        ("invitation.c.expires_at > at", "invitation.c.expires_at >= at", "a link works a moment too long"),
    ),
]
