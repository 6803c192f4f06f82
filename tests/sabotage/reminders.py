"""How reminders of questions can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "models/reminders.py",
        ("tests/models/test_reminders.py",),
        ("if now >= due_from", "if now > due_from", "a moment late"),
        (
            "return due[-1] if due and due[-1] not in taken",
            "return due[0] if due and due[0] not in taken",
            "the oldest",
        ),
        ("due and due[-1] not in taken", "due", "told at every sweep"),
        ("hours=policy.escalated_before_hours", "hours=policy.reminded_before_hours", "the manager hears of all"),
    ),
]
