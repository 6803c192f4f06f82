"""Mutants of the custody of bought goods."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/review/rules/test_buy.py",
        ("tests/serving/review/rules/test_test_buy.py",),
        ("    if after is None:\n", "    if False:\n", "every event is allowed"),
        ("event in {_E.INSPECT, _E.EXAMINE} and", "event is _E.INSPECT and", "someone without the goods examines them"),
        ("event in {_E.INSPECT, _E.EXAMINE} and", "event is _E.EXAMINE and", "someone without the goods inspects them"),
        ("event is _E.HAND_OVER and holder ==", "event is _E.HAND_OVER and holder !=", "only handed to oneself"),
        ("before.holder if event is _E.CANCEL else holder", "holder", "the canceller becomes the holder"),
        ("    if judgement not in _FINDINGS:\n", "    if False:\n", "an examination may ask for a test buy"),
        ("    if TestBuyState.CLOSED in states:\n", "    if states:\n", "an open test buy is a document"),
        ("    if TestBuyState.CLOSED in states:\n", "    if True:\n", "no documents are needed"),
    ),
]
