"""Mutants of the rules behind the warnings of the model page."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/learning/rules/drift_alarm.py",
        ("tests/serving/learning/rules/test_drift_alarm.py",),
        ("psi <= note.psi * (1 + policy.worsens_by)", "True", "a shift that worsens stays quiet"),
        ("psi <= note.psi * (1 + policy.worsens_by)", "psi <= note.psi", "any increase is an alarm"),
        ("if made_at > note.at)", ")", "a shift before the note ends it"),
        ("all(name in found for made_at, found in moved if made_at > note.at)", "True", "a note outlives its shift"),
        ("one for one in given if one.champion == champion", "one for one in given", "a note outlives its champion"),
        ('one for one in reports if one[1]["enough"]', "one for one in reports", "too few listings end a note"),
        ("told[-1] is not reports[-1]", "False", "an old report is taken for the newest"),
        ("if one.quiet)", ")", "every shift is quiet"),
    ),
    *sabotage(
        "serving/learning/rules/heavy_sources.py",
        ("tests/serving/learning/rules/test_heavy_sources.py",),
        ("shares[among] > policy.reviewer_share", "shares[among] >= policy.reviewer_share", "flagged at the limit"),
        ("max(shares, key=lambda one: shares[one])", "Among.ALL", "a class of one reviewer"),
        ("number - fakes, rows - positives", "number, rows - positives", "counterfeits among the genuine"),
        ("source.startswith(_REVIEWER)", "True", "a brand is flagged"),
    ),
    *sabotage(
        "serving/learning/rules/retraining.py",
        ("tests/serving/learning/rules/test_drift_alarm.py",),
        ("if name not in quiet and all(", "if all(", "an explained shift starts a training"),
    ),
    *sabotage(
        "training/stages.py",
        ("tests/training/test_stages.py",),
        ("if here < last:", "if False:", "a stage comes back"),
        ("before + _PARTS[stage] * here[1]", "here[1]", "the share is of the stage"),
    ),
]
