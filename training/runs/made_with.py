"""What determines a bundle apart from its data and seed: settings, features, policies, and the libraries.

Workers that only score import it, so it imports no library for learning.
"""

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

from features.compute import input_fingerprint
from models.policies.deciding import DEFAULT_SCORECARD
from models.policies.learning import DEFAULT_GATES, DEFAULT_SECOND_REVIEW, DEFAULT_WEIGHTING
from models.policies.version import policy_version

FINGERPRINT: Final = "input fingerprint"
_POLICIES: Final = (DEFAULT_GATES, DEFAULT_SCORECARD, DEFAULT_SECOND_REVIEW, DEFAULT_WEIGHTING)
_PACKAGES: Final = ("features", "models", "training")
_LIBRARIES: Final = ("lightgbm", "numba", "numpy", "pyarrow", "scikit-learn", "scipy")


def made_with() -> dict[str, str]:
    """The versions in this process, by name."""
    policies = dict(policy_version(policy).split(":") for policy in _POLICIES)
    return {
        "code": code_of(*_PACKAGES),
        FINGERPRINT: input_fingerprint(),
        **{f"policy {name}": policy_text for name, policy_text in policies.items()},
        "python": platform.python_version(),
        "processor": platform.machine(),
        **{name: version(name) for name in _LIBRARIES},
    }


def code_of(*packages: str) -> str:
    """A digest of the source of our packages, which a process without a repository has too."""
    digest, root = hashlib.sha256(), Path(__file__).parents[2]
    for path in sorted(path for name in packages for path in (root / name).rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def version_changes(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs, or is in one of the two alone, in a few words each.

    >>> version_changes({"numpy": "2.1.0", "mlflow": "3.0"}, {"numpy": "2.2.0", "mlflow": "3.0", "numba": "0.61.0"})
    ['numba was not recorded, now 0.61.0', 'numpy was 2.1.0, now 2.2.0']
    """
    if not then:
        return ["the run recorded no versions"]
    return [
        f"{name} was {then.get(name, 'not recorded')}, now {now.get(name, 'not used')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
