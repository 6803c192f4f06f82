"""Passkeys (WebAuthn, Level 3): challenges that are stored, and answers that are checked, each once."""

import ipaddress
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from models.errors import Invalid
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.store import second_factors
from serving.accounts.store.second_factors import StoredFactor
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime

_NAME: Final = "Touchstone"
_CHALLENGE_BYTES: Final = 32
LONGEST_CREDENTIAL: Final = 12_000
ENROL: Final = "enrol"


def origin_of(runtime: Runtime) -> str:
    """The origin under which people reach the service."""
    parts = urlsplit(public_address(runtime.settings, runtime.home))
    return f"{parts.scheme}://{parts.netloc}"


def relying_party(runtime: Runtime) -> str:
    """The host name that passkeys are made for."""
    return urlsplit(origin_of(runtime)).hostname or ""


def are_possible(runtime: Runtime) -> bool:
    """Whether browsers make passkeys for this service: its address must be a name."""
    try:
        ipaddress.ip_address(relying_party(runtime))
    except ValueError:
        return True
    return False


def enrolment_options(runtime: Runtime, connection: Connection, token_hash: str, person: Person, now: datetime) -> str:
    """What a browser needs to make a passkey, as JSON; the challenge is stored for this session."""
    known = second_factors.confirmed_factors(connection, person.user_id)
    options = generate_registration_options(
        rp_id=relying_party(runtime),
        rp_name=_NAME,
        user_id=person.user_id.encode(),
        user_name=person.email,
        user_display_name=person.name,
        challenge=_new_challenge(runtime, connection, token_hash, ENROL, now),
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return options_to_json(options)


def proof_options(
    runtime: Runtime, connection: Connection, token_hash: str, user_id: str, purpose: str, now: datetime
) -> str:
    """What a browser needs to prove a passkey of an account, as JSON; the challenge is stored for this session."""
    options = generate_authentication_options(
        rp_id=relying_party(runtime),
        challenge=_new_challenge(runtime, connection, token_hash, purpose, now),
        allow_credentials=_descriptors(second_factors.confirmed_factors(connection, user_id)),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def verify_new_passkey(
    runtime: Runtime, person: Person, challenge: str | None, credential: str, now: datetime
) -> StoredFactor:
    """The passkey that a browser made for a challenge; it is not stored yet.

    Raises Invalid (there is no challenge, or the answer does not fit it, this address or this service, or nobody was
    verified).
    """
    if challenge is None or len(credential) > LONGEST_CREDENTIAL:
        raise Invalid("The passkey was not accepted. Add it again.")
    try:
        registration = verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=relying_party(runtime),
            expected_origin=origin_of(runtime),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, RecursionError):
        raise Invalid("The passkey was not accepted. Add it again.") from None
    return StoredFactor(
        runtime.ids.new("fct"),
        person.user_id,
        FactorKind.PASSKEY,
        now,
        credential_id=bytes_to_base64url(registration.credential_id),
        public_key=bytes_to_base64url(registration.credential_public_key),
        last_count=registration.sign_count,
    )


def verify_and_count_proof(
    runtime: Runtime, connection: Connection, challenge: str, user_id: str, credential: str, now: datetime
) -> StoredFactor | None:
    """The passkey of the account that signed the challenge; None where none did. Its counter is stored.

    A counter that does not rise means a copied key, so the proof does not count; keys without one always say 0.
    """
    if len(credential) > LONGEST_CREDENTIAL:
        return None
    try:
        signed_credential = parse_authentication_credential_json(credential)
        known = {factor.credential_id: factor for factor in second_factors.confirmed_factors(connection, user_id)}
        factor = known.get(bytes_to_base64url(signed_credential.raw_id))
        if factor is None:
            return None
        proof = verify_authentication_response(
            credential=signed_credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=relying_party(runtime),
            expected_origin=origin_of(runtime),
            credential_public_key=base64url_to_bytes(factor.public_key or ""),
            credential_current_sign_count=factor.last_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, RecursionError):
        return None
    counts = proof.new_sign_count > 0
    return (
        factor
        if second_factors.record_use(connection, factor.factor_id, proof.new_sign_count, now, rises=counts)
        else None
    )


def _descriptors(factors: list[StoredFactor]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(factor.credential_id))
        for factor in factors
        if factor.credential_id is not None
    ]


def _new_challenge(runtime: Runtime, connection: Connection, token_hash: str, purpose: str, now: datetime) -> bytes:
    made_now = secrets.token_bytes(_CHALLENGE_BYTES)
    until = now + timedelta(minutes=runtime.policies[SecondFactorPolicy].challenge_minutes)
    second_factors.save_challenge(connection, token_hash, purpose, bytes_to_base64url(made_now), until)
    return made_now
