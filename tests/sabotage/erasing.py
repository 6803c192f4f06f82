"""Mutants of erasure, the audit log and evidence."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/privacy/rules/erasure.py",
        ("tests/serving/privacy/rules/test_erasure.py",),
        ("    if removal.disputed:\n", "    if False:\n", "evidence of a dispute is erased"),
        ("if removal.state is ActionState.WITHDRAWN:", "if False:", "cancelled removals are kept for ever"),
        ("removal.state is not ActionState.ACKNOWLEDGED or ", "", "evidence of an open removal is erased"),
        (" or removal.informed_at is None:", " and removal.informed_at is None:", "dead letters count as sent"),
        ("None if now >= until else", "None if now > until else", "kept a moment too long"),
        ("None if now >= until else", "None if now < until else", "erased during the appeal window"),
        ("return value == seller", "return seller in str(value)", "another seller's entries are erased"),
        ("any(names(one, seller) for one in value.values())", "False", "nested objects are ignored"),
        ("any(names(one, seller) for one in value)", "False", "lists are ignored"),
    ),
    *sabotage(
        "serving/audit/rules.py",
        ("tests/serving/audit/test_rules.py",),
        ("    if unnamed := gone.difference(erased):\n", "    if unnamed := set():\n", "payloads may vanish"),
        ("min(unnamed)", "max(unnamed)", "the last missing payload is named"),
        ("elif entry.act == ERASURE:", "else:", "any entry may declare an erasure"),
        ("if payload.digest != entry.payload_hash else", "if False else", "payloads may be altered"),
        (
            "(_SALTED_DOMAIN if self.salt else _PAYLOAD_DOMAIN) + self.salt + self.body",
            "_PAYLOAD_DOMAIN + self.body",
            "an erased payload can be guessed",
        ),
        ("_SALTED_DOMAIN if self.salt else _PAYLOAD_DOMAIN", "_SALTED_DOMAIN", "entries without a salt fail"),
        ("if entry.previous_hash != previous:", "if False:", "entries need not follow each other"),
        ("    if (sequence, previous) != head:\n", "    if False:\n", "the log may be truncated"),
        ("if last is not None and last.sequence > sequence:", "if False:", "the signed log may be truncated"),
        (
            "if not entry.entry_hash.startswith(head.marks[place : place + MARK_DIGITS]):",
            "if False:",
            "a rewritten log is only detected at a head",
        ),
        ("entry.sequence != head.sequence or ", "True or ", "marks of 32 bits are all that is compared"),
        ("if not named <= gone:", "if False:", "an erasure may claim what is still there"),
        ("if entry.act.startswith(KEPT_ACTS) else None", "if False else None", "what a verdict was may be blanked"),
    ),
    *sabotage(
        "serving/takedowns/rules/evidence.py",
        ("tests/serving/takedowns/rules/test_evidence.py",),
        ("_PART_DOMAIN + named + body", "_PART_DOMAIN + body", "the salt is unused"),
        ("if vouched is None:", "if False:", "evidence without a log entry"),
        ("elif vouched != snapshot.digest:", "elif False:", "evidence of another log entry"),
        ("return one.body is None and one.salt is None", "return True", "a partial erasure passes"),
    ),
]
