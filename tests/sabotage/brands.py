"""Mutants of the rights of brand users and their account managers."""

from tests.sabotage.mutant import sabotage

_FILE = (
    "tests/serving/rights/service/test_brand_file.py",
    "tests/serving/web/test_indicators_page.py",
    "tests/serving/web/test_sellers_of_brand_page.py",
)

MUTANTS = [
    *sabotage(
        "serving/account_management/rules/attention.py",
        ("tests/serving/account_management/rules/test_attention.py",),
        ("    if found.takes_part:\n", "    if True:\n", "a brand that gets no questions needs attention"),
        ("    if found.level not in IN_GOOD_STANDING:\n", "    if False:\n", "lost standing is not reported"),
        ("    elif found.warned:\n", "    elif False:\n", "warnings are not reported"),
        ("if not found.unanswered or (", "if (", "a brand without questions is silent"),
        (" and at - found.answered_at < long", "", "a brand that answered once is never silent"),
        ("at - found.answered_at < long", "at - found.answered_at <= long", "silent a day late"),
        ("for need in _ORDER if need in told", "for need in told", "reasons in the order of the code"),
        ("-len(reasons)", "len(reasons)", "fewer reasons are more urgent"),
    ),
    *sabotage(
        "serving/rights/service/brand_file.py",
        _FILE,
        ("    if pair not in person.brands(Permission.LEAD_BRAND):\n", "    if False:\n", "every brand user is a lead"),
        ("return AGENT if mandates", "return None if mandates", "an agent sets its own limits"),
        (
            "    if pair not in person.brands(Permission.ANSWER_QUESTIONS):\n",
            "    if False:\n",
            "another brand's file is distinguishable",
        ),
    ),
    *sabotage(
        "serving/brands/service/brand_messages.py",
        ("tests/serving/brands/service/test_brand_messages.py",),
        ("by=None if manages else person.user_id", "by=None", "brand users erase anything"),
        ("_MOST_AN_HOUR:\n            raise", "_MOST_AN_HOUR * 9:\n            raise", "no hourly limit"),
        ("if one.account_manager_id == person.user_id", "if True", "every manager reads every thread"),
    ),
    *sabotage(
        "serving/account_management/service/authorised_sellers.py",
        ("tests/serving/account_management/service/test_authorised_sellers.py",),
        ("if whole else []", "if True else []", "an addition removes all other sellers"),
        ("until is not None and until <= now", "until is not None and until < now", "authorised for no time"),
    ),
    *sabotage(
        "features/near_duplicates.py",
        ("tests/features/test_near_duplicates.py",),
        ("self.begins <= at and", "", "authorised before the authorisation"),
    ),
]
