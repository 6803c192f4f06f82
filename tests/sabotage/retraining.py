"""Mutants of the rule by which a training starts without a person."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/learning/rules/retraining.py",
        ("tests/serving/learning/rules/test_retraining.py",),
        ("found.new_labels >= policy.new_labels", "found.new_labels > policy.new_labels", "one label too late"),
        ("found.trained_at is not None and bool(found.moved)", "bool(found.moved)", "drift without a model"),
        ("found.now >= scheduled_at", "found.now > scheduled_at", "a moment after the month"),
        ("(Wait.OFF, not found.on)", "(Wait.OFF, False)", "the kill switch has no effect"),
        ("(Wait.UNDER_WAY, found.under_way)", "(Wait.UNDER_WAY, False)", "two trainings at once"),
        ("(Wait.TOO_FEW, not found.enough)", "(Wait.TOO_FEW, False)", "a training that is refused"),
        ("(Wait.UNCHANGED, not found.changed)", "(Wait.UNCHANGED, False)", "the same labels again"),
        ("next_day is not None and found.now < next_day", "False", "several a day"),
        ("found.now < next_day", "found.now <= next_day", "a day and a moment"),
        ("rested_at is not None and found.now < rested_at", "False", "no rest after a refusal"),
        ("found.now < rested_at", "found.now <= rested_at", "a rest and a moment"),
        ("for one, holds in (*waits, *due)", "for one, holds in (*due, *waits)", "a cause before an obstacle"),
        ("2 ** min(found.failures - 1, 16)", "1", "the rest does not grow"),
        ("min(days, policy.most_back_off_days)", "days", "the rest has no limit"),
        ("found.failures - 1, 16", "found.failures, 16", "the first rest is twice as long"),
        ('all(one["enough"] for one in last)', "True", "an alarm of too few listings"),
        ("len(last) < policy.drift_reports or", "", "one report is enough"),
        ("all(name in names for names in moved)", "True", "the last report alone decides"),
        ('shift["level"] == _MOVED', 'shift["level"] != "steady"', "a small shift is an alarm"),
    ),
]
