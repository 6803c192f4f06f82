"""Signatures under the contact key, by a key of its own for each purpose. Links and cookies contain them: they stay."""

import base64
import hashlib
import hmac


def keyed_digest(contact_key: bytes, purpose: bytes, *parts: object) -> bytes:
    """The digest of parts, which only the key leads to."""
    key = hmac.digest(contact_key, purpose, hashlib.sha256)
    return hmac.digest(key, "\n".join(map(str, parts)).encode("utf-8", "replace"), hashlib.sha256)


def signature(contact_key: bytes, purpose: bytes, *parts: object) -> str:
    """The signature of parts: 43 letters of an address."""
    return base64.urlsafe_b64encode(keyed_digest(contact_key, purpose, *parts)).rstrip(b"=").decode()


def is_signature(text: str, contact_key: bytes, purpose: bytes, *parts: object) -> bool:
    """Whether a text, which anybody may have written, is the signature of parts."""
    return hmac.compare_digest(text.encode("utf-8", "replace"), signature(contact_key, purpose, *parts).encode())
