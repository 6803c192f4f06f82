"""How the two approvals of a model, and who may give them, can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "models/promotion.py",
        ("tests/models/test_promotion.py",),
        ("not not_passed or bool(one.reason.strip())", "True", "past a failed gate nobody gives a reason"),
        ("bool(one.reason.strip())", "bool(one.reason)", "blanks are a reason"),
        ("one.beside == champion and", "", "approvals beside another champion count"),
        ("and one.by in still_may and", "and", "whoever was sent away has a say"),
        ("and reasoned:", ":", "approvals without the reason count"),
        ("counted.setdefault(one.by, one)", "counted.setdefault(one.by + str(len(counted)), one)", "one counts twice"),
        ("max(0, policy.approvals_needed - len(apart))", "policy.approvals_needed - len(apart)", "less than none"),
        ("if by not in behind", "", "who asked another in counts beside them"),
        ("found[-1] if found else person", "person", "only who asked in directly is looked at"),
        ("policy.approvals_needed - len", "policy.approvals_needed - 1 - len", "one person is enough"),
        ("return self.missing == 0", "return self.missing <= 1", "complete while one is missing"),
        ("one.by == approval.by for one", "False for one", "one person approves twice"),
        ("if not_passed and not approval.reason.strip()", "if not approval.reason.strip()", "a reason without need"),
        ("if not_passed and not approval.reason.strip()", "if not_passed and not approval.reason", "blanks will do"),
    ),
    *sabotage(
        "models/policies/promotion.py",
        ("tests/models/test_promotion.py",),
        ("approvals_needed: int = 2", "approvals_needed: int = 1", "one person is the rule"),
    ),
    *sabotage(
        "models/access.py",
        ("tests/models/test_access.py",),
        (
            "Permission.ANSWER_QUESTIONS})",
            "Permission.ANSWER_QUESTIONS, Permission.PROMOTE_MODELS})",
            "a brand promotes",
        ),
        ("{Permission.REVIEW_CASES, Permission", "{Permission.PROMOTE_MODELS, Permission", "an analyst promotes"),
        ("Permission.TRAIN_MODELS, Permission.PROMOTE_MODELS", "Permission.TRAIN_MODELS", "no scientist promotes"),
        (
            "Permission.TRAIN_MODELS, Permission.PROMOTE_MODELS",
            "Permission.TRAIN_MODELS, Permission.PROMOTE_MODELS, Permission.FREEZE_GOLDEN_SETS",
            "who trains freezes what is measured by",
        ),
        ("g in self.grants if g.carries(permission))\n", "g in self.grants)\n", "any role in any place"),
        ("if g.brand_id is not None and g.carries", "if g.carries", "a grant without a brand answers for one"),
        ("self.leads and self.role is Role.BRAND and", "self.role is Role.BRAND and", "everybody of a brand leads"),
        ("self.leads and self.role is Role.BRAND and", "self.leads and", "who is no brand's person leads"),
    ),
    *sabotage(
        "serving/usecases/promote.py",
        ("tests/serving/usecases/test_promote.py",),
        ("if by == LOCAL and", "if False and", "nobody in particular approves where two must"),
        ("if by == LOCAL and runtime.policies.promotion.approvals_needed > 1:", "if by == LOCAL:", "alone, nobody may"),
        ("    if champion == model.digest:\n", "    if False:\n", "the champion is approved again"),
        ("given, not_passed=not_passed(model))", "given, not_passed=())", "past a failed gate nobody gives a reason"),
        ("        if stands.complete:\n", "        if True:\n", "the first approval puts it in force"),
        ("        if stands.complete:\n", "        if False:\n", "no approval does"),
        ("if _may_promote(connection, marketplace_id, one.by)}", "}", "whoever was sent away has a say"),
        (
            "champion=_champion(connection, marketplace_id),\n        still",
            "champion=None,\n        still",
            "no champion",
        ),
        ("not_passed=not_passed(model),\n", "not_passed=(),\n", "approvals without the reason count"),
        (
            "person.marketplaces(Permission.PROMOTE_MODELS)",
            "person.marketplaces(Permission.SEE_MODELS)",
            "who may look",
        ),
        ("    except NotFound:\n        return False\n", "    except NotFound:\n        return True\n", "the disabled"),
        ("        return by == LOCAL\n", "        return False\n", "the owner of the home has no say"),
        ("if one.digest != past[0].digest:", "if one.digest == past[0].digest:", "back to the present one"),
        (
            "    approvals.use(connection, marketplace_id, used, promotion_id)\n",
            "    used.clear()\n    approvals.use(connection, marketplace_id, used, promotion_id)\n",
            "approvals outlive the promotion that they made",
        ),
        (
            "connection, here, found.digest, by, now):",
            'connection, here, found.digest, "user:nobody", now):',
            "nobody's",
        ),
    ),
]
