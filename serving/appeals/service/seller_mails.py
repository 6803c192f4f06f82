"""Mails to the seller of a removed listing, with the statement of reasons and the link to its page."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from features.message import each_as_json
from serving.appeals.service.seller_links import links_for
from serving.cases.store import verdicts
from serving.listings.store import listings
from serving.mail.rules.kinds import MailKind, SellerNews
from serving.mail.service.queueing import queue_to_address
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.platform.sealing import Sealer
from serving.sellers.store import contacts
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind


def mail_seller(
    runtime: Runtime,
    connection: Connection,
    removal: StoredAction,
    news: SellerNews,
    *,
    cause: StoredAction | None = None,
    due_at: datetime | None = None,
    wait: timedelta = timedelta(0),
) -> None:
    """Queue a mail to the seller of a removal; nothing where the marketplace passed no address.

    `cause` is the action whose statement is told, the removal unless it is named. `due_at` is the seller's deadline.
    A mail that waits can be dropped until then (`drop_unsent`).
    """
    marketplace_id = removal.marketplace_id
    version_id = verdicts.get(connection, marketplace_id, removal.verdict_id).version_id
    seller = listings.seller_of(connection, marketplace_id, version_id)
    written_to = None if seller is None else contacts.address_of(connection, marketplace_id, seller)
    if written_to is None:
        return
    link = links_for(runtime, connection, [removal]).get(removal.action_id)
    _, title = listings.name_and_title(connection, marketplace_id, removal.listing_id)
    statement = (cause or removal).statement, each_as_json((cause or removal).statement_messages)
    queue_to_address(
        runtime,
        connection,
        MailKind.SELLER_STATEMENT,
        marketplace_id=marketplace_id,
        address=runtime.services[Sealer].open(written_to.address),
        language=written_to.language,
        parameters={
            "news": news.value,
            "marketplace": marketplaces.get(connection, marketplace_id).name,
            "listing": removal.external_id,
            "title": title or removal.external_id,
            "due": None if due_at is None else due_at.isoformat(),
            "statement": statement[0],
            "messages": statement[1],
        },
        subject_id=removal.action_id,
        secret_path=None if link is None else urlsplit(link).path,
        wait=wait,
    )


def mail_reinstatement(runtime: Runtime, connection: Connection, reinstatement: StoredAction) -> None:
    """Tell the seller that the listing is shown again, and why."""
    before = actions.of_listing(connection, reinstatement.marketplace_id, reinstatement.listing_id)
    removals = [
        action for action in before if action.kind is ActionKind.REMOVE and action.sequence < reinstatement.sequence
    ]
    if removals:
        mail_seller(runtime, connection, removals[-1], SellerNews.REINSTATED, cause=reinstatement)
