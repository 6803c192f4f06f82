"""How what proves and what is erased can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/privacy/rules/erasure.py",
        ("tests/serving/privacy/rules/test_erasure.py",),
        ("    if removal.disputed:\n", "    if False:\n", "a dispute loses its proof"),
        ("if removal.state is ActionState.WITHDRAWN:", "if False:", "what never took effect is kept for ever"),
        ("removal.state is not ActionState.ACKNOWLEDGED or ", "", "what is still on its way loses its proof"),
        (" or removal.informed_at is None:", " and removal.informed_at is None:", "dead letters count as told"),
        ("None if now >= until else", "None if now > until else", "a moment too long"),
        ("None if now >= until else", "None if now < until else", "only what can be appealed against is erased"),
        ("return value == seller", "return seller in str(value)", "another seller's entries are erased"),
        ("any(names(one, seller) for one in value.values())", "False", "nothing inside an object is found"),
        ("any(names(one, seller) for one in value)", "False", "nothing inside a list is found"),
    ),
    *sabotage(
        "serving/audit/rules.py",
        ("tests/serving/audit/test_rules.py",),
        ("    if gone - named_erased:\n", "    if False:\n", "payloads may vanish"),
        ("min(gone - named_erased)", "max(gone - named_erased)", "the last one is named"),
        ("elif entry.act == ERASURE:", "else:", "any entry may name what is gone"),
        ("elif payload.digest != entry.payload_hash:", "elif False:", "payloads may be altered"),
        (
            "(_SALTED_DOMAIN if self.salt else _PAYLOAD_DOMAIN) + self.salt + self.body",
            "_PAYLOAD_DOMAIN + self.body",
            "an erased payload can be found by trying",
        ),
        ("_SALTED_DOMAIN if self.salt else _PAYLOAD_DOMAIN", "_SALTED_DOMAIN", "entries without a salt fit no more"),
        ("if entry.previous_hash != previous:", "if False:", "entries need not follow each other"),
        ("    if (sequence, previous) != head:\n", "    if False:\n", "the end of the log may be cut off"),
        ("if heads and heads[-1].sequence > sequence:", "if False:", "the end that was signed may be cut off"),
        ("not entry.entry_hash.startswith(mark) or ", "", "a log written anew is found only at a head"),
    ),
    *sabotage(
        "serving/takedowns/rules/evidence.py",
        ("tests/serving/takedowns/rules/test_evidence.py",),
        ("_PART_DOMAIN + named + body", "_PART_DOMAIN + body", "a salt that hides nothing"),
        ("if vouched is None:", "if False:", "evidence that the log does not know"),
        ("elif vouched != snapshot.digest:", "elif False:", "the log vouches for another"),
        ("return one.body is None and one.salt is None", "return True", "half an erasure passes"),
    ),
]
