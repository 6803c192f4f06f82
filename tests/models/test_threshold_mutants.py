"""Sabotage: the rule of promised thresholds is broken on purpose, one place at a time, and its tests must notice."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = Path("models/thresholds.py")
MUTANTS = [
    ("candidates = list(_candidates", "candidates = list(_candidates", "nothing is changed"),
    ("chosen = held[-1]", "chosen = held[0]", "the strictest threshold in place of the lowest"),
    ("recall=float(right / labels.sum())", "recall=float(right / flagged)", "precision sold as recall"),
    ("precision=float(right / flagged)", "precision=float(right / labels.sum())", "recall sold as precision"),
    ("flagged_sellers=len(chosen.flagged)", "flagged_sellers=int(flagged)", "listings counted as sellers"),
    ("noise) - _ROUNDING)", "noise) + _ROUNDING)", "just enough is not enough"),
    ("policy) <= 1", "policy) <= 2", "half of the sellers are enough"),
    ("self.flagged - self.right,", "self.flagged,", "right listings counted as wrong"),
    ("wrong * target / (1 - target)", "wrong", "a wrong listing undoes only one right one"),
    ("np.minimum(self.right", "np.maximum(self.right", "the cap turned round"),
    (", policy.most_right_listings)", ", 1e9)", "no cap"),
    (", policy.most_right_listings)", ", 1.0)", "sellers count one each"),
    ("if total <= _ROUNDING", "if total <= -1e9", "a market below the target is made better by more of it"),
    ("noise = 2 * deviations**2", "noise = deviations**2", "the unseen sellers have no noise"),
    ("noise = 2 * deviations**2", "noise = 2 * deviations", "the confidence counts less"),
    ("((balances - total / sellers) ** 2)", "(balances**2)", "squares about zero"),
    ("(sellers * (1 - target) ** 2), noise)", "(sellers * (1 - target)), noise)", "as few sellers at any target"),
    ("max(policy.fewest_sellers", "min(policy.fewest_sellers", "one of the two conditions is enough"),
    ("len(self.flagged)", "int(self.flagged.sum())", "listings taken for independent"),
    ("np.argsort(-scores", "np.argsort(scores", "the least suspicious first"),
    ("append=-np.inf) != 0) + 1", "append=-np.inf) != 0)", "the last of equal scores left out"),
    ("np.searchsorted(ends, wanted)", "np.searchsorted(ends, wanted[:1])", "only one threshold is looked at"),
    ("(float(scores[order[end - 1]])", "(float(scores[order[0]])", "the top score named as the threshold"),
    ("low, high = target, 1.0", "low, high = 1.0, 1.0", "a bound that promises everything"),
    ("if chosen.holds(middle", "if not chosen.holds(middle", "the bound searched on the wrong side"),
    ("np.append(shares, 0.0)", "np.append(shares, 1.0)", "the seller unseen is taken for guilty"),
    ("math.sqrt(2 * careful", "math.sqrt(careful", "the mean by seller has half its noise"),
    ("shares = chosen.right / chosen.flagged", "shares = chosen.right / chosen.flagged.mean()", "sellers not one each"),
    ("growth = min(", "growth = max(", "needed sellers by the worst threshold"),
    ("if math.isinf(growth)", "if growth < 0", "needed sellers where none would help"),
    ("math.ceil(sellers * growth)", "math.ceil(growth)", "needed sellers without those at hand"),
]
RUN = """
import importlib.util, sys
import models
spec = importlib.util.spec_from_file_location("models.thresholds", sys.argv[1])
sys.modules["models.thresholds"] = models.thresholds = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import pytest
sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "tests/models/test_thresholds.py"]))
"""


@pytest.mark.soak
@pytest.mark.parametrize(("whole", "broken", "_why"), MUTANTS, ids=[row[-1] for row in MUTANTS])
def test_every_mutant_is_killed(tmp_path: Path, whole: str, broken: str, _why: str) -> None:
    """The first row changes nothing and must live: a mutant that dies of anything else would prove nothing."""
    text = MODULE.read_text(encoding="utf-8")
    assert text.count(whole) == 1, "the mutant no longer fits the module"
    mutant = tmp_path / "thresholds.py"
    mutant.write_text(text.replace(whole, broken), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(mutant)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == (0 if whole == broken else 1), done.stdout[-2000:]
