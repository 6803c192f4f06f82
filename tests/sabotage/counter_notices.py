"""How the rules of counter-notices, their deadlines and appeals can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/appeals/rules/counter_notice.py",
        ("tests/serving/appeals/rules/test_counter_notice.py",),
        ("if WHO[event] is not party:", "if False:", "anybody does anything"),
        (
            "at >= before.due_at:",
            "at > before.due_at:",
            "late by nothing",
        ),
        ("if event in _ANSWERS and", "if", "giving way can be too late"),
        (
            "_E.SUBMIT, _E.WITHDRAW, _E.APPEAL, _E.CONCEDE, _E.PASS",
            "_E.SUBMIT, _E.WITHDRAW, _E.APPEAL, _E.PASS",
            "a rights holder cannot give way before it is asked",
        ),
        ("_S.LAPSED: frozenset({_E.APPEAL})", "_S.LAPSED: frozenset()", "who missed three days has no appeal"),
        (
            "_S.WITH_REVIEWER: frozenset({",
            "_S.WITH_REVIEWER: frozenset({_E.SUBMIT, ",
            "the seller goes back to the rights holder",
        ),
        ("if policy.maintaining is Maintaining.COURT_ACTION:", "if False:", "reasons do where a court is asked for"),
        ("before.round >= policy.most_rounds", "before.round > policy.most_rounds", "a round too many"),
        ("before.round + 1", "before.round", "rounds without end"),
        ("if before.round == 1 else policy.later_round_days", "", "later rounds are as short as the first"),
        ("at < before.due_at:\n        raise Invalid", "False:\n        raise Invalid", "the clock runs ahead"),
        ("policy.seller_silence if of_seller else", "policy.rights_holder_silence if of_seller else", "silence wins"),
        ("if policy.days is Days.BUSINESS:", "if True:", "fifteen days become three weeks"),
        ("if policy.rights_holder_days is None:", "if False:", "the rights holder judges a complaint"),
        (
            "None), overturns=True",
            "None), overturns=False",
            "upheld, and nothing is repaired",
        ),
    ),
    *sabotage(
        "serving/platform/deadlines.py",
        ("tests/serving/platform/test_deadlines.py",),
        ("and day not in self.holidays", "", "holidays are worked"),
        ("day.weekday() not in self.weekend and", "", "weekends are worked"),
        ("_FIRST_TO_BEGIN: Final = timedelta(hours=14)", "_FIRST_TO_BEGIN: Final = timedelta(0)", "short in the east"),
        ("_LAST_TO_END: Final = timedelta(hours=12)", "_LAST_TO_END: Final = timedelta(0)", "short in the west"),
        ("min(day.day, monthrange(year, month)[1])", "min(day.day, 28)", "months of 28 days"),
    ),
    *sabotage(
        "serving/appeals/rules/appeals.py",
        ("tests/serving/appeals/rules/test_appeals.py",),
        ("if not is_first:", "if False:", "the same decision is appealed against for ever"),
        ("if at >= open_until", "if at > open_until", "a moment too long"),
        ("record.dismissed >= policy.frivolous_from and", "", "one dismissed appeal is a record"),
        ("and record.dismissed >= policy.frivolous_share * decided", "", "a record in spite of being right"),
        ("behind_others=True", "behind_others=False", "a record changes nothing"),
    ),
    *sabotage(
        "serving/appeals/rules/appeals.py",
        ("tests/serving/appeals/rules/test_states.py",),
        ("(AppealState.OPEN, AppealEvent.UPHOLD)", "(AppealState.DISMISSED, AppealEvent.UPHOLD)", "decided twice"),
        (
            "    (AppealState.UPHELD, AppealEvent.REOPEN): AppealState.OPEN,\n",
            "",
            "a decision that cannot be taken back",
        ),
    ),
]
