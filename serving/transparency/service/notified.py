"""The listings notified in a period: by notices from outside and by brands' own reports."""

from datetime import datetime

from sqlalchemy import Connection

from serving.notices.rules.notice_counts import Notified, as_of
from serving.notices.store import notice_records
from serving.reports.store.good_faith import Scope, reported_listings
from serving.transparency.rules.misuse import as_notice


def notified_in(connection: Connection, marketplace_id: str, since: datetime, until: datetime) -> list[Notified]:
    """The listings notified in [since, until), each as it stood at its end."""
    found = notice_records.counted(connection, marketplace_id, since=since, until=until)
    reported = reported_listings(connection, Scope(marketplace_id, None, since, until))
    found += [one for one in map(as_notice, reported) if one is not None]
    return [as_of(one, until) for one in found]
