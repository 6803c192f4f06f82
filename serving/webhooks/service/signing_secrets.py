"""The audit entries of messages, the secrets that sign them, and the end of the secrets that a person has made."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.access import OwnedSecret, Role, SecretKind, must_end
from serving.accounts.service.service_accounts import end_keys, leave_accounts
from serving.accounts.store import accounts, invitations, people, reset_links, second_factors, service_accounts
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.database.common_secrets import put_in_force
from serving.platform.runtime import Runtime
from serving.platform.sealing import SEALING_KEY, Sealer
from serving.sellers.store import contacts
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint
from serving.webhooks.store.outbox import OutgoingMessage


def record_step(
    connection: Connection, action: OutgoingMessage, step: str, actor: str, at: datetime, payload: Mapping[str, Any]
) -> None:
    audit.record(
        connection, at, action.marketplace_id, actor, f"{action.kind.value}.{step}", action.action_id, **payload
    )


def record_steps(
    connection: Connection,
    step: str,
    actor: str,
    at: datetime,
    steps: Sequence[tuple[OutgoingMessage, Mapping[str, Any]]],
) -> None:
    """Add the audit entries of the same step of several actions of one marketplace, each with its payload."""
    if steps:
        entries = [(f"{action.kind.value}.{step}", action.action_id, payload) for action, payload in steps]
        audit.record_all(connection, at, steps[0][0].marketplace_id, actor, entries)


def seal_secret(runtime: Runtime, secret: str) -> str:
    """A signing secret as it is stored."""
    return runtime.services[Sealer].seal(secret)


def signing_secrets(runtime: Runtime, endpoint: Endpoint, at: datetime) -> tuple[str, ...]:
    """The secrets that sign at a moment, the current one first.

    Raises Unsealable (the key that sealed them is not here).
    """
    return tuple(map(runtime.services[Sealer].open, endpoint.secrets_at(at)))


def seal_under_new_key(runtime: Runtime) -> int:
    """Seal each secret under a new key, second factors and addresses too; returns of how many endpoints. They stay.

    Keys of the operator's setting are used as they are set, the first one for sealing.

    Raises Unsealable (a stored secret cannot be read; nothing is changed in the database).
    """
    sealer = runtime.services[Sealer]
    sealer.renew()
    now = runtime.wall.now()

    def change(stored: str) -> str:
        return sealer.seal(sealer.open(stored))

    with runtime.store.write() as connection:
        put_in_force(connection, SEALING_KEY, sealer.in_force(), now)
        sealed_secrets = endpoints.lock_sealed_secrets(connection)
        changed = [
            replace(
                secrets,
                secret=change(secrets.secret),
                previous_secret=None if secrets.previous_secret is None else change(secrets.previous_secret),
            )
            for secrets in sealed_secrets
        ]
        endpoints.replace_secrets(connection, changed)
        second_factors.seal_again(connection, change)
        contacts.seal_again(connection, change)
        if changed:
            count = len(changed)
            audit.record(
                connection, runtime.clock.now(), "", "system", "webhook.secrets_sealed", "webhooks", endpoints=count
            )
    return len(changed)


def secrets_of(connection: Connection, user_id: str) -> tuple[OwnedSecret, ...]:
    """The secrets in force that a person has made, webhook endpoints by the maker of their secret, and the service
    accounts that name the person."""
    keys = [
        OwnedSecret(key.key_id, SecretKind.KEY, key.name, key.marketplace_id, key.created_at)
        for key in marketplaces.keys_made_by(connection, user_id)
    ]
    tools = [
        OwnedSecret(
            account.account_id, SecretKind.SERVICE_ACCOUNT, account.name, account.marketplace_id, account.made_at
        )
        for account in service_accounts.accounts_naming(connection, user_id)
        if any(key.revoked_at is None for key in service_accounts.keys_of(connection, account))
    ]
    signing = [
        OwnedSecret(
            endpoint.endpoint_id, SecretKind.ENDPOINT, endpoint.url, endpoint.marketplace_id, endpoint.secret_made_at
        )
        for endpoint in endpoints.endpoints_made_by(connection, user_id)
    ]
    return (*keys, *tools, *signing)


def end_secrets(
    runtime: Runtime,
    connection: Connection,
    user_id: str,
    why: str,
    at: datetime,
    *,
    by: str,
    chosen: Collection[str] | None = None,
) -> None:
    """End what a person has made: reset links for others and the `chosen` secrets, service accounts with their keys.

    Without a choice the recent secrets end and the person's invitations, a mail asks the administrators about the other
    secrets, and the service accounts that name the person are paused.
    """
    reset_links.end_made_by(connection, user_id, runtime.wall.now())
    if chosen is None:
        places = accounts.places_of(connection, user_id)
        invitations.withdraw_by_inviter(connection, places, user_id, runtime.wall.now())
        leave_accounts(runtime, connection, user_id, why, by)
    owned, policy = secrets_of(connection, user_id), runtime.policies[SecretPolicy]
    signing = {endpoint.endpoint_id: endpoint for endpoint in endpoints.endpoints_made_by(connection, user_id)}
    ended = [secret for secret in owned if must_end(secret, at, policy, chosen)]
    tools = {account.account_id: account for account in service_accounts.accounts_naming(connection, user_id)}
    for secret in ended:
        if secret.kind is SecretKind.SERVICE_ACCOUNT:
            end_keys(runtime, connection, tools[secret.secret_id], by, why)
            continue
        if secret.kind is SecretKind.ENDPOINT:
            endpoints.disable(connection, signing[secret.secret_id], at)
            act = "webhook.disabled"
        else:
            marketplaces.revoke_key(connection, {secret.marketplace_id}, secret.secret_id, at)
            act = "key.revoked"
        audit.record(connection, at, secret.marketplace_id, by, act, secret.secret_id, name=secret.name, reason=why)
    listed_secrets = ended if chosen is not None else owned
    mailed_secrets = [secret for secret in listed_secrets if secret.kind is not SecretKind.SERVICE_ACCOUNT]
    for place in sorted({secret.marketplace_id for secret in mailed_secrets}):
        parameters = {
            "maker": accounts.names(connection, [user_id]).get(user_id, ""),
            "marketplace": marketplaces.get(connection, place).name,
            "path": f"/people/{user_id}",
            "ended": [secret.name for secret in mailed_secrets if secret.marketplace_id == place and secret in ended],
            "staying": [
                secret.name for secret in mailed_secrets if secret.marketplace_id == place and secret not in ended
            ],
        }
        administrators = people.with_role(connection, place, Role.ADMIN)
        queue_to_accounts(runtime, connection, MailKind.SECRETS_ENDED, administrators, parameters)
