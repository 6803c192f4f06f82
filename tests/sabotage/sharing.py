"""Mutants of what keeps a brand's file at one marketplace apart from another's, and of its sharing."""

from tests.sabotage.mutant import sabotage

_APART = ("tests/serving/rights/service/test_apart.py", "tests/serving/web/test_two_marketplaces.py")
_SHARING = ("tests/serving/rights/service/test_sharing.py",)

MUTANTS = [
    *sabotage(
        "serving/rights/store/rights.py",
        _APART,
        ("return inside(table, pair[0], brand_id=pair[1])", "return table.c.brand_id == pair[1]", "by brand alone"),
    ),
    *sabotage(
        "serving/rights/store/rights.py",
        _APART,
        (
            "select(brand_right).where(of(brand_right, pair), brand_right.c.right_id == right_id)",
            "select(brand_right).where(brand_right.c.right_id == right_id)",
            "a right of another marketplace is found by its id",
        ),
        (
            "same = inside(brand_right, pair[0], brand_id=pair[1], kind",
            "same = (brand_right.c.brand_id == pair[1]) & inside(brand_right, brand_right.c.marketplace_id, kind",
            "a right is on file once for all marketplaces",
        ),
    ),
    *sabotage(
        "serving/rights/store/mandates.py",
        _APART,
        ("here = of(power_of_attorney, pair), one.", "here = one.", "a power of attorney is ended elsewhere"),
        ("here = of(power_of_attorney, pair), power", "here = power", "a power of attorney is voided elsewhere"),
    ),
    *sabotage(
        "serving/brands/store/price_lists.py",
        ("tests/serving/rights/service/test_apart.py",),
        (
            "            inside(brand_list_price, marketplace_id),\n",
            "",
            "the lists of all marketplaces are compared with",
        ),
        (
            "return inside(brand_list_price, pair[0], brand_id=pair[1])",
            "return brand_list_price.c.brand_id == pair[1]",
            "one list for all",
        ),
    ),
    *sabotage(
        "serving/rights/service/sharing.py",
        _SHARING,
        (
            "    by = require_lead(connection, person, pair)\n    require_lead(connection, person, (to, pair[1]))\n",
            "    by = require_lead(connection, person, pair)\n",
            "lead rights here are enough",
        ),
        (
            "    by = require_lead(connection, person, pair)\n",
            '    by = f"user:{person.user_id}"\n',
            "lead rights there are enough",
        ),
        ("    if to == pair[0]:\n", "    if False:\n", "shared with itself"),
        (
            "    if pair[1] not in brands.enrolments(connection, to):\n",
            "    if False:\n",
            "shared where the brand is not enrolled",
        ),
        ("    runtime.forget()\n", "", "a shared list waits for the cache"),
    ),
    *sabotage(
        "serving/rights/service/copies.py",
        _SHARING,
        ("    if right.state not in SHARED:\n", "    if False:\n", "a refused right is shared"),
        ("    if not holds(mandate, now):\n", "    if False:\n", "an ended power of attorney is shared"),
        ("    if content(found) in", "    if False and content(found) in", "a power of attorney is shared twice"),
        (
            '"document_digest": found.document,\n        "begins_at"',
            '"document_digest": None,\n        "begins_at"',
            "a right arrives without its document",
        ),
        (
            '"expires_at": mandate.expires_at,',
            '"expires_at": mandate.expires_at.replace(year=2999),',
            "a copy lasts longer",
        ),
        (
            '"right.shared", right_id, brand_id=pair[1], copy=copy',
            '"right.shared", right_id, to=other[0], copy=copy',
            "a log names the other marketplace",
        ),
    ),
    *sabotage(
        "serving/rights/service/mandates.py",
        _SHARING,
        (
            "    if pair not in person.brands(Permission.ANSWER_QUESTIONS):\n",
            "    if False:\n",
            "an agent without an account there",
        ),
        ("    if pair in person.brands(Permission.LEAD_BRAND):\n", "    if False:\n", "a lead there becomes an agent"),
    ),
    *sabotage(
        "serving/brands/service/price_lists.py",
        _SHARING,
        (
            'if key not in theirs or theirs[key]["amount_minor"] != one["amount_minor"]',
            "if True",
            "entries that are there are added",
        ),
        ('or theirs[key]["amount_minor"] != one["amount_minor"]', "", "a corrected price is not shared"),
        ("key[-1] > today or begun[key[:-1]] == key[-1]", "True", "former prices are shared"),
        (
            "key[-1] > today or begun[key[:-1]] == key[-1]",
            "key[-1] <= today and begun[key[:-1]] == key[-1]",
            "later prices are not shared",
        ),
    ),
]
