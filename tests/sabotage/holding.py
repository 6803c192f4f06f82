"""How what holds removals, and who lets them go, can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "models/bursts.py",
        ("tests/models/test_bursts.py",),
        ("if by_brand and not asked.switched_on", "if by_brand and asked.switched_on", "the switch turned round"),
        ("if by_brand and not asked.switched_on", "if not asked.switched_on", "a brand's switch stops the desk"),
        ("asked.user.last_hour >= user_cap", "asked.user.last_hour > user_cap", "one more than the cap leaves"),
        ("asked.user.last_hour >= user_cap", "False", "one person does mass damage"),
        ("if by_brand and asked.brand is not None", "if asked.brand is not None", "the desk fills a brand's cap"),
        ("asked.brand.last_hour >= brand_cap", "asked.brand.last_hour > brand_cap", "one more of a brand leaves"),
        ("asked.brand.last_hour >= brand_cap", "False", "a brand does mass damage by many accounts"),
        ("asked.seller.last_hour >= policy", "asked.seller.last_hour > policy", "one more offer of a seller goes"),
        ("asked.seller.last_hour >= policy.per_seller", "False", "a rival is emptied"),
        (
            "asked.seller.last_hour >= policy.per_seller",
            "asked.seller.last_hour >= max(policy.per_seller, asked.seller.busiest_hour)",
            "who was hit before is protected less",
        ),
        ("asked.sales_90d >= policy", "asked.sales_90d > policy", "just large enough is small"),
        (
            "asked.sales_90d is not None and asked.sales_90d >= policy.high_sales_90d",
            "(asked.sales_90d or 1e9) >= policy.high_sales_90d",
            "unknown sales are high",
        ),
        ("min(most, max(least", "min(most, min(least", "a past lowers the cap"),
        ("min(most, max(least, int(policy.times_usual * pace.busiest_hour)))", "least", "no past counts"),
        (
            "min(most, max(least, int(policy.times_usual * pace.busiest_hour)))",
            "max(least, int(policy.times_usual * pace.busiest_hour))",
            "a large past makes an account boundless",
        ),
    ),
    *sabotage(
        "models/release.py",
        ("tests/models/test_release.py",),
        (
            "if here in person.marketplaces(Permission.REVIEW_CASES)",
            "if person.may(Permission.REVIEW_CASES)",
            "anywhere",
        ),
        (
            "here in person.marketplaces(Permission.LOOK_AFTER_BRANDS)",
            "person.may(Permission.LOOK_AFTER_BRANDS)",
            "an account manager of another place",
        ),
        (" and bearing.account_manager_id in {None, person.user_id}", "", "any account manager"),
        ("in {None, person.user_id}", "in {person.user_id}", "nobody for an offer without a brand"),
        (
            "(here, brand) in person.brands(Permission.ANSWER_QUESTIONS)",
            "person.brands(Permission.ANSWER_QUESTIONS)",
            "any",
        ),
        ("    if user_id in bearing.confirmed_by:\n", "    if False:\n", "whoever confirmed may speak"),
        (
            "    if user_id in behind_others(",
            "    if False and user_id in behind_others(",
            "who let in a confirmer may speak",
        ),
        ("if not opinion.reason.strip()", "if not opinion.reason", "blanks are a reason"),
        ("said.decision is opinion.decision", "True", "nobody changes their mind"),
        ("    if said is not None and said", "    if False and said", "one says it twice"),
        ("user_id not in bearing.confirmed_by", "True", "whoever confirmed counts"),
        ("one.decision is decision and", "", "a no counts as a yes"),
        ("if user_id not in behind}", "}", "who asked another in counts beside them"),
        ("bool(bearing.confirmed_by - behind)", "True", "a confirmer and their guest are two"),
        ("(confirmed or len(organisations) > 1)", "confirmed", "two beside the confirmer are not enough"),
        ("DESK in organisations and len", "len", "without the desk"),
        ("and len(organisations) > 1", "", "the desk alone"),
        ("one != bearing.confirmer for", "True for", "a colleague of the confirmer is enough"),
        ("    if bearing.causes & BURSTS:\n", "    if bearing.causes == BURSTS:\n", "one burst is not enough"),
        ("    if bearing.causes & BURSTS:\n", "    if bearing.causes <= BURSTS:\n", "a large shop makes it easier"),
        (
            "{one.user_id: one for one in given}",
            "{one.user_id: one for one in reversed(given)}",
            "the first word counts",
        ),
    ),
    *sabotage(
        "serving/usecases/holding.py",
        ("tests/serving/usecases/test_holding.py",),
        (" - holds_db.waiting_causes(connection, here)", "", "one removal let go ends every alert"),
    ),
    *sabotage(
        "serving/db/histories.py",
        ("tests/serving/usecases/test_holding.py",),
        ("            ~still_waits(),\n", "", "what waits is held against the seller"),
        ("row.waited_until or row.known_at", "row.known_at", "what was let go counted all the time"),
    ),
    *sabotage(
        "serving/db/likenesses.py",
        ("tests/serving/usecases/test_holding.py",),
        (" and not row.waits", "", "what waits is held against whoever uses the words"),
        ("row.waited_until or row.known_at", "row.known_at", "what was let go counted for the words all the time"),
    ),
    *sabotage(
        "serving/db/standings.py",
        ("tests/serving/usecases/test_holding.py",),
        ("        ~was_held(),\n", "", "what was held counts as gone by itself"),
    ),
]
