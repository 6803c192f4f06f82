"""The listings notified in a period: by notices from outside and by brands' own reports."""

from datetime import datetime

from sqlalchemy import Connection

from serving.notices.rules.notice_counts import NotifiedOutcome, state_as_of
from serving.notices.store import notice_records
from serving.reports.store.good_faith import Scope, reported_listings
from serving.transparency.rules.misuse import as_notice


def notified_in(connection: Connection, marketplace_id: str, since: datetime, until: datetime) -> list[NotifiedOutcome]:
    """The listings notified in [since, until), each as it stood at its end."""
    listings = notice_records.notified_between(connection, marketplace_id, since=since, until=until)
    reported = reported_listings(connection, Scope(marketplace_id, None, since, until))
    listings += [listing for listing in map(as_notice, reported) if listing is not None]
    return [state_as_of(listing, until) for listing in listings]
