"""Mutants of reminders of questions."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/standing/rules/reminders.py",
        ("tests/serving/standing/rules/test_reminders.py",),
        ("REMINDED: (escalated, reminded)", "REMINDED: (now, reminded)", "a reminder beside the escalation"),
        ("ESCALATED: (now, escalated)", "ESCALATED: (now, reminded)", "the manager gets all reminders"),
        ("ESCALATED: (now, escalated)", "ESCALATED: (now - timedelta(days=1), escalated)", "past ones are escalated"),
        ("hours=policy.reminded_before_hours", "hours=policy.escalated_before_hours", "no reminders"),
    ),
]
