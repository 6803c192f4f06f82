"""Mutants of the rules of counter-notices, their deadlines and appeals."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/appeals/rules/counter_notice.py",
        ("tests/serving/appeals/rules/test_counter_notice.py",),
        ("if WHO[event] is not party:", "if False:", "any party may do anything"),
        ("at >= before.due_at:", "at > before.due_at:", "exactly at the deadline is in time"),
        ("if event in _ANSWERS and", "if", "a concession can be late"),
        (
            "_E.SUBMIT, _E.WITHDRAW, _E.APPEAL, _E.CONCEDE, _E.PASS",
            "_E.SUBMIT, _E.WITHDRAW, _E.APPEAL, _E.PASS",
            "a rights holder cannot concede before it is asked",
        ),
        ("_S.LAPSED: frozenset({_E.APPEAL})", "_S.LAPSED: frozenset()", "no appeal after a missed deadline"),
        (
            "_S.WITH_REVIEWER: frozenset({",
            "_S.WITH_REVIEWER: frozenset({_E.SUBMIT, ",
            "the seller can submit again during the review",
        ),
        ("if policy.maintaining is Maintaining.COURT_ACTION:", "if False:", "reasons replace a court action"),
        ("before.round >= policy.most_rounds", "before.round > policy.most_rounds", "one round too many"),
        ("before.round + 1", "before.round", "unlimited rounds"),
        ("if before.round == 1 else policy.later_round_days", "", "later rounds have the first deadline"),
        ("at < before.due_at:\n        raise Invalid", "False:\n        raise Invalid", "a deadline passes early"),
        ("policy.seller_silence if of_seller else", "policy.rights_holder_silence if of_seller else", "silence wins"),
        ("if policy.days is Days.BUSINESS:", "if True:", "fifteen days become three weeks"),
        ("if policy.rights_holder_days is None:", "if False:", "the rights holder judges a complaint"),
        ("None), overturns=True", "None), overturns=False", "upheld without a reversal"),
    ),
    *sabotage(
        "serving/platform/deadlines.py",
        ("tests/serving/platform/test_deadlines.py",),
        ("and day not in self.holidays", "", "holidays are business days"),
        ("day.weekday() not in self.weekend and", "", "weekends are business days"),
        ("_FIRST_TO_BEGIN: Final = timedelta(hours=14)", "_FIRST_TO_BEGIN: Final = timedelta(0)", "short in the east"),
        ("_LAST_TO_END: Final = timedelta(hours=12)", "_LAST_TO_END: Final = timedelta(0)", "too short in the west"),
        ("min(day.day, monthrange(year, month)[1])", "min(day.day, 28)", "months of 28 days"),
    ),
    *sabotage(
        "serving/appeals/rules/appeals.py",
        ("tests/serving/appeals/rules/test_appeals.py",),
        ("if not is_first:", "if False:", "repeated appeals"),
        ("if at >= open_until", "if at > open_until", "a moment too long"),
        ("record.dismissed >= policy.frivolous_from and", "", "one dismissed appeal is frivolous"),
        ("and record.dismissed >= policy.frivolous_share * decided", "", "the share of dismissed appeals is ignored"),
        ("behind_others=True", "behind_others=False", "frivolous appellants keep their place"),
    ),
    *sabotage(
        "serving/appeals/rules/appeals.py",
        ("tests/serving/appeals/rules/test_states.py",),
        ("(AppealState.OPEN, AppealEvent.UPHOLD)", "(AppealState.DISMISSED, AppealEvent.UPHOLD)", "decided twice"),
        ("    (AppealState.UPHELD, AppealEvent.REOPEN): AppealState.OPEN,\n", "", "a decision cannot be reopened"),
    ),
]
