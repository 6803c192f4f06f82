"""How what a brand's people and their account manager may do can be got wrong."""

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
        ("    if found.takes_part:\n", "    if True:\n", "a brand that is asked nothing is at fault"),
        ("    if found.level not in IN_GOOD_STANDING:\n", "    if False:\n", "what is lost is not told"),
        ("    elif found.warned:\n", "    elif False:\n", "nobody is warned in time"),
        ("if not found.unanswered or (", "if (", "who was not asked is silent"),
        (" and at - found.answered_at < long", "", "who answered once is never silent"),
        ("at - found.answered_at < long", "at - found.answered_at <= long", "a day too late"),
        ("for need in _ORDER if need in told", "for need in told", "in the order of the code"),
        ("-len(reasons)", "len(reasons)", "the fewer the more urgent"),
    ),
    *sabotage(
        "serving/rights/service/brand_file.py",
        _FILE,
        ("    if pair not in person.brands(Permission.LEAD_BRAND):\n", "    if False:\n", "everybody of a brand leads"),
        ("return AGENT if rights", "return None if rights", "an agent sets its own limits"),
        (
            "    if pair not in person.brands(Permission.ANSWER_QUESTIONS):\n",
            "    if False:\n",
            "another brand's is told apart",
        ),
    ),
    *sabotage(
        "serving/brands/service/brand_messages.py",
        ("tests/serving/brands/service/test_brand_messages.py",),
        ("by=None if manages else person.user_id", "by=None", "anybody of a brand erases anything"),
        ("_MOST_AN_HOUR:\n            raise", "_MOST_AN_HOUR * 9:\n            raise", "a program writes on"),
        ("if one.account_manager_id == person.user_id", "if True", "every manager reads every thread"),
    ),
    *sabotage(
        "serving/account_management/service/authorised_sellers.py",
        ("tests/serving/account_management/service/test_authorised_sellers.py",),
        ("if whole else []", "if True else []", "one more takes all others off"),
        ("until is not None and until <= now", "until is not None and until < now", "on the list for no time"),
    ),
    *sabotage(
        "features/near_duplicates.py",
        ("tests/features/test_near_duplicates.py",),
        ("self.begins <= at and", "", "authorised before anybody said so"),
    ),
]
