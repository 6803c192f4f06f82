"""The mutation runner itself is tested."""

import pytest

from tests.sabotage.mutant import Mutant, sabotage
from tests.sabotage.nursery import NEVER_IMPORTED
from tests.sabotage.rearing import outcomes_of

MODULE, TESTS = "serving/learning/rules/promotion.py", ("tests/serving/learning/rules/test_promotion.py",)


@pytest.mark.soak
def test_it_distinguishes_detected_undetected_and_never_imported_mutants() -> None:
    mutants = [
        *sabotage(
            MODULE,
            TESTS,
            ("return self.missing == 0", "return self.missing == 7", "nothing is ever complete"),
            ("Whether the model may score.", "Whether it may.", "a text that no test reads"),
        ),
        Mutant("serving/reference_marketplace.py", "", "", "these tests never import it", TESTS),
    ]
    assert [one.code for one in outcomes_of(mutants)] == [0, 1, 0, NEVER_IMPORTED]


@pytest.mark.soak
def test_a_module_named_like_a_test_is_mutated_as_well() -> None:
    broken = ("    if after is None:\n", "    if False:\n", "every event is allowed")
    mutants = sabotage("serving/review/rules/test_buy.py", ("tests/serving/review/rules/test_test_buy.py",), broken)
    assert [one.code for one in outcomes_of(mutants)] == [0, 1]


MISFITS = [
    ("return self.absent == 0", "return True", "no longer fits; 'return self.absent == 0' occurs 0 times"),
    ("approval", "refusal", "no longer fits"),
    ("self.missing == 0", "(self.missing == 0)", "does not change the code"),
]


@pytest.mark.parametrize(("whole", "broken", "sentence"), MISFITS)
def test_an_invalid_mutant_is_refused(whole: str, broken: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Mutant(MODULE, whole, broken, "none", TESTS).text()
