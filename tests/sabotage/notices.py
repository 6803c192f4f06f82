"""Mutants of notices from outside."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/notices/rules/notices.py",
        ("tests/serving/notices/rules/test_notices.py",),
        ("Element.GOOD_FAITH: not draft.good_faith", "Element.GOOD_FAITH: False", "no statement of good faith"),
        (
            "Element.EXPLANATION: len(draft.explanation.strip()) <",
            "Element.EXPLANATION: len(draft.explanation) <",
            "a blank explanation",
        ),
        ("if kind is ReporterKind.BRAND and good_standing:", "if kind is ReporterKind.BRAND:", "lost standing counts"),
        ("return Place(_TRUSTED + capped", "return Place(_GOOD_STANDING + capped", "trusted flaggers are not first"),
        ("capped = min(harm, _MOST_HARM)", "capped = harm", "high harm precedes trusted flaggers"),
        ("return not overturned", "return True", "overturned notices count as founded"),
    ),
    *sabotage(
        "serving/notices/rules/limits.py",
        ("tests/serving/notices/rules/test_notices.py",),
        ("if listings <= most:", "if listings < most:", "ten are too many"),
        ("if today + listings > policy", "if today > policy", "the daily limit is ignored"),
    ),
    *sabotage(
        "serving/notices/rules/reporters.py",
        ("tests/serving/notices/rules/test_reporters.py",),
        ("to_warn=often and warned_at is None", "to_warn=often", "warned at every notice"),
        ("one.notified_at > warned_at]", "one.notified_at != warned_at]", "muted for notices before the warning"),
        ("if since < one.decided_at <= as_of", "if one.decided_at <= as_of", "old notices count"),
        ("    if warned_at is None:\n        raise", "    if False:\n        raise", "muted without a warning"),
        ("return wrong >= policy.unfounded_share * known", "return True", "the share is ignored"),
    ),
    *sabotage(
        "serving/notices/rules/notifier_complaints.py",
        ("tests/serving/notices/rules/test_notifier_complaints.py",),
        ("if not is_first:", "if False:", "repeated complaints"),
        ("if at >= open_until(informed_at, policy):", "if False:", "no time limit"),
    ),
    *sabotage(
        "serving/notices/rules/notice_counts.py",
        ("tests/serving/notices/rules/test_notice_counts.py",),
        ("if found.decided_at is None or found.decided_at < moment", "if True", "future decisions count"),
        ("if judged else None,\n        median", "if judged else 0.0,\n        median", "an empty share is zero"),
    ),
    *sabotage(
        "serving/notices/service/notice_complaints.py",
        ("tests/serving/notices/service/test_notice_complaints.py",),
        (
            "question_returned=_brand_decided(connection, before)",
            "question_returned=False",
            "the brand that decided is asked again",
        ),
        (
            "return _Decision(item.outcome, item.decided_at) if is_final(runtime, item) else None",
            "return _Decision(item.outcome, item.decided_at)",
            "before the decision is final",
        ),
    ),
    *sabotage(
        "serving/appeals/service/complaint_case.py",
        ("tests/serving/notices/service/test_notice_complaints.py", "tests/serving/appeals/service/test_appeal.py"),
        ('"lane": complaint_heard.lane.value', '"lane": CaseLane.ANALYST.value', "the first reviewer decides again"),
        (
            "if complaint_heard.admitted.behind_others else",
            "if not complaint_heard.admitted.behind_others else",
            "the wrong complaints wait",
        ),
        (
            "runtime.services[CaseHooks].replaced(connection, here, waiting.case_id, case_id)",
            "pass",
            "earlier notifiers are never told",
        ),
    ),
    *sabotage(
        "serving/notices/service/notified_listings.py",
        ("tests/serving/notices/service/test_notices.py",),
        (
            "if known is not None and not context.reporter.is_muted(context.at):",
            "if known is not None:",
            "a muted notifier creates cases",
        ),
        (
            "if brand_id is None or facts.brand.brand_id not in {None, brand_id}:",
            "if brand_id is None:",
            "for any brand",
        ),
        ("if part in called and _host(called[part].link or whole) == host", "if part in called", "any host"),
    ),
    *sabotage(
        "serving/notices/service/admission.py",
        ("tests/serving/web/test_notice_page.py",),
        ("            refused = error", "            raise", "a refusal counts for no network"),
        ("this_hour=sent + asked", "this_hour=sent", "previews are without limit"),
    ),
]
