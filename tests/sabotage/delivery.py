"""Mutants of delivery attempts, receiver pauses and superseded messages."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/webhooks/rules/delivery.py",
        ("tests/serving/webhooks/rules/test_delivery.py",),
        ("{400, 409, 413, 415, 422}", "{400, 409, 413, 415, 422, 401}", "an authentication error blames the message"),
        ("{400, 409, 413, 415, 422}", "{400, 409, 413, 415}", "a refused message pauses the receiver"),
        (">= timedelta(days=policy", "> timedelta(days=policy", "exactly a week is too short"),
        ("min(attempt, len(delays)) - 1", "min(attempt, len(delays) - 1)", "the first wait is skipped"),
        ("(1 + policy.jitter_share * jitter)", "1", "no jitter"),
        (
            "min(before + more, policy.rest_after_failures)",
            "before + more",
            "one outage pauses it long",
        ),
        ("before + 1 if is_test else before", "before", "a pause is never longer than the first"),
        ("before + 1 if is_test else before", "before + 1", "messages on their way make the pause longer"),
        ("if beyond < 0", "if beyond <= 0", "paused one failure late"),
        ("failures - policy.rest_after_failures", "failures - 1", "one lost answer pauses the receiver"),
        ("2 ** min(beyond, _LONGEST_EXPONENT)", "(1 + beyond)", "the pause grows linearly"),
        ("min(seconds, policy.longest_rest_seconds)", "seconds", "the pause has no limit"),
    ),
    *sabotage(
        "serving/webhooks/rules/action.py",
        ("tests/serving/appeals/rules/test_states.py",),
        (
            "(ActionState.DEAD, ActionEvent.OVERTAKE): ActionState.WITHDRAWN",
            "(ActionState.SENDING, ActionEvent.OVERTAKE): ActionState.WITHDRAWN",
            "a message being sent is superseded",
        ),
    ),
    *sabotage(
        "serving/takedowns/rules/removal_check.py",
        ("tests/serving/takedowns/rules/test_removal_check.py",),
        ("since >= timedelta(seconds", "since > timedelta(seconds", "exactly an hour is too short"),
        ("if state is CheckState.GONE:", "if False:", "a relisting under the same id may lag for an hour"),
        ("look_back if at < look_back else None", "None", "removed listings are never checked again"),
        ("state is CheckState.STILL_SHOWN or since <", "since <", "listings still shown are dropped after a week"),
        ("return NextLook(state, again", "return NextLook(CheckState.STILL_SHOWN, again", "no answer is still shown"),
        ("CheckState.GONE if state is CheckState.GONE else CheckState.UNKNOWN", "CheckState.GONE", "no answer is gone"),
        ("min(looks, len(waits)) - 1", "min(looks, len(waits) - 1)", "the first wait is skipped"),
    ),
    *sabotage(
        "serving/intake/matching.py",
        ("tests/serving/intake/test_matching.py",),
        ("if facts.seller.authorised:", "if False:", "an authorised seller is flagged"),
        ("timedelta(0) < facts.as_of", "timedelta(0) <= facts.as_of", "listings of the same time count as later"),
        ("near.similarity < policy.own_similarity", "near.similarity <= policy.own_similarity", "the threshold fails"),
        ("near.similarity >= policy.copied", "near.similarity > policy.copied", "a copy at the threshold is too low"),
        ("near.genuine or near.authorised", "near.authorised", "a text found genuine counts"),
        ("near.genuine or near.authorised", "near.genuine", "an authorised seller's text counts"),
        (" or near.own_offers > near.own_counterfeit", "", "the author of a text is flagged as its copier"),
        ("near.sellers <= policy.most", "near.sellers < policy.most", "three sellers of a text are too many"),
        (" and not near.more", "", "a text of hundreds counts"),
        (" and first_known >= one.removed_at", "", "an older account counts as a return"),
        ("one.brand_id == brand_id and ", "", "another brand's listings count"),
        ("<= policy.most_steps", "<= 4", "distant links count"),
        ("not near.counterfeit or ", "", "a listing found genuine counts"),
    ),
]
