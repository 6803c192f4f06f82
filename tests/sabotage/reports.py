"""Mutants of reported listings: their labels, their weights, and the requests for listings that are not known."""

from tests.sabotage.mutant import sabotage

_LABELS = ("tests/serving/reports/service/test_labels.py",)

MUTANTS = [
    *sabotage(
        "serving/cases/store/chosen.py",
        _LABELS,
        (
            "or_(review_case.c.opened_by.is_not(None), review_case.c.report_id.is_not(None))",
            "review_case.c.opened_by.is_not(None)",
            "a reported listing is weighted as if it had been drawn",
        ),
        (
            "how, review_case.c.opened_at <= as_of, ~looked_at",
            "how, review_case.c.opened_at <= as_of",
            "a drawn listing loses its probability when it is reported",
        ),
    ),
    *sabotage(
        "serving/learning/store/monitoring.py",
        _LABELS,
        (
            "set(connection.execute(opened).scalars()) - reported",
            "set(connection.execute(opened).scalars())",
            "a report counts as a review of the random sample",
        ),
        ("scalars()} - reported", "scalars()}", "a reported listing loses its chance of being drawn"),
    ),
    *sabotage(
        "serving/learning/service/labelling.py",
        _LABELS,
        ("one.reported for one in version.verdicts", "False for one in version.verdicts", "no label is reported"),
        ("        reported=reported,\n", "", "snapshots do not tell"),
    ),
    *sabotage(
        "training/snapshot.py",
        ("tests/serving/reports/service/test_labels.py", "tests/training/test_snapshot.py"),
        ('        ("reported", pa.bool_()),\n', "", "the mark is not written"),
        ("{*table.column_names, *_ADDED}", "set(table.column_names)", "older snapshots cannot be read"),
    ),
    *sabotage(
        "serving/reports/rules/requests.py",
        ("tests/serving/reports/rules/test_requests.py",),
        ("at < last_asked + timedelta", "at <= last_asked + timedelta", "asked again a moment too late"),
        ("        return False\n", "        pass\n", "asked by each report"),
        ("asked_today < policy", "asked_today <= policy", "one more than the limit"),
        ('.partition("#")[0]', "", "a fragment makes another listing"),
        ("host.lower()", "host", "a host has a case"),
        ('.rstrip("/")', "", "a slash at the end makes another listing"),
    ),
]
