"""The feature vectors of the golden facts, and every policy in force."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, Final

from features.compute import NAMES, compute, input_fingerprint
from models.policies.version import policy_version
from serving.composition import default_policies
from serving.platform.settings import Settings
from tests.equality.discover import modules_that_say
from tests.equality.normalise import normalised_text
from tests.equality.plain import fields, plain
from tests.fixtures.golden import golden_facts

_POLICY: Final = r"^[A-Z][A-Z_]*: Final(\[.*\])? = \w*Policy\(|^DEFAULT_\w+"


def texts() -> dict[str, str]:
    """The fingerprint, a text for each case, for each policy, and for the settings."""
    texts_by_name = {"fingerprint": input_fingerprint(), "names": "\n".join(NAMES), "settings": _settings()}
    for name, facts in golden_facts().items():
        vector = zip(NAMES, compute(facts).vector, strict=True)
        values = (f"{feature} {'missing' if math.isnan(figure) else repr(float(figure))}" for feature, figure in vector)
        texts_by_name[f"vectors/{name}"] = "\n".join([facts.to_json().decode(), *values])
    texts_by_name["policies/in force"] = "\n".join(
        f"{type(policy).__name__} {policy_version(policy)}"
        for policy in default_policies()
        if dataclasses.is_dataclass(policy) and not isinstance(policy, type)
    )
    texts_by_name |= {f"policies/{name}": _policy_text(policy) for name, policy in _policies()}
    return texts_by_name


def _policies() -> Iterator[tuple[str, Any]]:
    """Every policy that is a constant of a module, by its class and name."""
    for module in modules_that_say(_POLICY):
        for name, constant in vars(module).items():
            if name.isupper() and dataclasses.is_dataclass(constant) and not isinstance(constant, type):
                yield f"{type(constant).__name__} {name}", constant


def _policy_text(policy: Any) -> str:
    return "\n".join([policy_version(policy), *fields(policy)])


def _settings() -> str:
    """Each setting with its type, default and description."""
    return normalised_text(
        "\n".join(
            f"{name}: {field.annotation} = {plain(field.default)}  # {field.description}"
            for name, field in Settings.model_fields.items()
        )
    )
