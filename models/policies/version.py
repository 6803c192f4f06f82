"""The version of a policy is the digest of its settings."""

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def policy_version(policy: "DataclassInstance") -> str:
    """First 16 hex digits of the SHA-256 of the policy's canonical JSON, after its class name."""
    text = json.dumps(dataclasses.asdict(policy), sort_keys=True, default=str, separators=(",", ":"))
    return f"{type(policy).__name__}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
