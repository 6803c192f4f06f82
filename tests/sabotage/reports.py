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
    *sabotage(
        "serving/reports/rules/attachments.py",
        ("tests/serving/reports/rules/test_attachments.py",),
        ("today + len(content) >", "today + len(content) >=", "the last byte of a day is refused"),
        ("most = policy.most_documents", "most = policy.most_documents + 1", "one document too many"),
        ("now < reported_at +", "now <= reported_at +", "a document comes a moment too late"),
        (
            "record.ordered_on, record.ordered_on, today",
            "record.ordered_on, record.ordered_on, record.ordered_on",
            "ordered in the future",
        ),
        ("(record.ordered_on, record.received_on,", "(record.received_on, record.received_on,", "received first"),
        ("and len(locations) == 1", "", "any listing was bought"),
        ("int(wanted) <= len(locations)", "int(wanted) < len(locations)", "the last number is refused"),
        ("0 < len(record.finding.strip())", "0 <= len(record.finding.strip())", "nothing was found"),
    ),
    *sabotage(
        "serving/reports/store/report_documents.py",
        ("tests/serving/reports/service/test_attaching.py",),
        ('"user_id": self.user_id, ', "", "a draft is everybody's"),
        ("report_document.c.known_at < before", "report_document.c.known_at <= before", "a draft ends early"),
        ("report_document.c.report_id.is_(None), report", "report", "documents that were sent are deleted"),
    ),
    *sabotage(
        "serving/reports/service/status.py",
        ("tests/serving/reports/service/test_attaching.py",),
        ("case.lane is not CaseLane.SECOND_REVIEW", "True", "a second reviewer reads what the brand says"),
        (
            "documents_of(connection, case) if side is Side.ANALYST else ()",
            "documents_of(connection, case)",
            "a brand downloads as an analyst",
        ),
    ),
]
