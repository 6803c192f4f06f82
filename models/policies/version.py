"""The version of a policy is the digest of its settings."""

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Versions by the identity of the policy, which is frozen and kept here, so that its identity stays its own. Digests are
# asked for at every score. A process has a few dozen policies; tests make more.
_VERSIONS: Final[dict[int, tuple["DataclassInstance", str]]] = {}
_MOST: Final = 1_000


def policy_version(policy: "DataclassInstance") -> str:
    """First 16 hex digits of the SHA-256 of the policy's canonical JSON, after its class name."""
    known = _VERSIONS.get(id(policy))
    if known is not None:
        return known[1]
    text = json.dumps(dataclasses.asdict(policy), sort_keys=True, default=str, separators=(",", ":"))
    version = f"{type(policy).__name__}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if len(_VERSIONS) >= _MOST:
        _VERSIONS.clear()
    _VERSIONS[id(policy)] = (policy, version)
    return version
