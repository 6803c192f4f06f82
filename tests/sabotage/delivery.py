"""How the attempts at a delivery, a receiver's rest and what overtakes what can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/webhooks/rules/delivery.py",
        ("tests/serving/webhooks/rules/test_delivery.py",),
        ("{400, 409, 413, 415, 422}", "{400, 409, 413, 415, 422, 401}", "a wrong secret is the message's fault"),
        ("{400, 409, 413, 415, 422}", "{400, 409, 413, 415}", "a refused message lets the receiver rest"),
        (">= timedelta(days=policy", "> timedelta(days=policy", "a week to the second is no week"),
        ("min(attempt, len(delays)) - 1", "min(attempt, len(delays) - 1)", "the first wait is left out"),
        ("(1 + policy.jitter_share * jitter)", "1", "what failed together comes back together"),
        ("if beyond < 0", "if beyond <= 0", "it rests a failure late"),
        ("failures - policy.rest_after_failures", "failures - 1", "one lost answer lets it rest"),
        ("2 ** min(beyond, _LONGEST_EXPONENT)", "(1 + beyond)", "the rest grows by a minute"),
        ("min(seconds, policy.longest_rest_seconds)", "seconds", "it rests for ever"),
    ),
    *sabotage(
        "serving/webhooks/rules/action.py",
        ("tests/serving/appeals/rules/test_states.py",),
        (
            "(ActionState.DEAD, ActionEvent.OVERTAKE): ActionState.WITHDRAWN",
            "(ActionState.SENDING, ActionEvent.OVERTAKE): ActionState.WITHDRAWN",
            "what is on its way is overtaken",
        ),
    ),
    *sabotage(
        "serving/takedowns/rules/removal_check.py",
        ("tests/serving/takedowns/rules/test_removal_check.py",),
        ("since >= timedelta(seconds", "since > timedelta(seconds", "an hour to the second is no hour"),
        ("if state is CheckState.GONE:", "if False:", "what comes back under its own id may lag for an hour"),
        ("look_back if at < look_back else None", "None", "what was gone is never looked at again"),
        ("state is CheckState.STILL_SHOWN or since <", "since <", "what is still shown is forgotten after a week"),
        ("return NextLook(state, again", "return NextLook(CheckState.STILL_SHOWN, again", "no answer accuses"),
        ("CheckState.GONE if state is CheckState.GONE else CheckState.UNKNOWN", "CheckState.GONE", "no answer is gone"),
        ("min(looks, len(waits)) - 1", "min(looks, len(waits) - 1)", "the first wait is left out"),
    ),
    *sabotage(
        "serving/intake/matching.py",
        ("tests/serving/intake/test_matching.py",),
        ("if facts.seller.authorised:", "if False:", "an authorised seller is accused"),
        ("timedelta(0) < facts.as_of", "timedelta(0) <= facts.as_of", "what came at the same moment came after"),
        ("near.similarity < policy.own_similarity", "near.similarity <= policy.own_similarity", "the line is past it"),
        ("near.similarity >= policy.copied", "near.similarity > policy.copied", "the line of copies is past it"),
        ("near.genuine or near.authorised", "near.authorised", "a text found genuine accuses"),
        ("near.genuine or near.authorised", "near.genuine", "an authorised seller's text accuses"),
        (" or near.own_offers > near.own_counterfeit", "", "who wrote the text is accused of copying it"),
        ("near.sellers <= policy.most", "near.sellers < policy.most", "a text of three is one of many"),
        (" and not near.more", "", "a text of hundreds accuses"),
        (" and first_known >= one.removed_at", "", "an account from before is a return"),
        ("one.brand_id == brand_id and ", "", "another brand's trade accuses"),
        ("<= policy.most_steps", "<= 4", "chance links accuse"),
        ("not near.counterfeit or ", "", "a listing found genuine after all accuses"),
    ),
]
