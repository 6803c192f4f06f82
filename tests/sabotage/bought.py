"""How the custody of bought goods can be got wrong."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "serving/review/rules/test_buy.py",
        ("tests/serving/review/rules/test_test_buy.py",),
        ("    if after is None:\n", "    if False:\n", "anything may follow anything"),
        ("event in {_E.INSPECT, _E.EXAMINE} and", "event is _E.INSPECT and", "whoever has not the goods examines them"),
        ("event in {_E.INSPECT, _E.EXAMINE} and", "event is _E.EXAMINE and", "whoever has not the goods inspects them"),
        ("event is _E.HAND_OVER and holder ==", "event is _E.HAND_OVER and holder !=", "handed to oneself only"),
        ("before.holder if event is _E.CANCEL else holder", "holder", "who cancels has the goods"),
        ("    if judgement not in _FINDINGS:\n", "    if False:\n", "examined, and asks for a test buy"),
        ("    if TestBuyState.CLOSED in states:\n", "    if states:\n", "goods on their way are documents"),
        ("    if TestBuyState.CLOSED in states:\n", "    if True:\n", "no documents are needed"),
    ),
]
