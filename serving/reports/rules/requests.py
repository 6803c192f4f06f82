"""Which requests for a listing are the same, and when the marketplace is asked again."""

import hashlib
from datetime import datetime, timedelta

from serving.reports.policy import ReportPolicy


def digest_of(location: str) -> str:
    """The digest of a listing's name: equal for spellings of one address that differ only in scheme, www or fragment.

    An id and an address that holds it stay two names. If a part of an address were enough, a brand could name `item`
    and keep the marketplace from being asked for any listing under `/item/`.

    >>> digest_of("https://www.Bazaar.example/item/MP-9/#photos") == digest_of("http://bazaar.example/item/MP-9")
    True
    >>> digest_of("https://bazaar.example/item/MP-9") == digest_of("MP-9")
    False
    """
    whole = location.strip()
    if "://" in whole:
        host, slash, path = whole.partition("://")[2].partition("#")[0].rstrip("/").partition("/")
        whole = host.lower().removeprefix("www.") + slash + path
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def asks(last_asked: datetime | None, asked_today: int, at: datetime, policy: ReportPolicy) -> bool:
    """Whether the marketplace is asked for a listing now.

    `last_asked` is the last request for it by any brand's report, None without one. `asked_today` counts the requests
    of this brand in the last 24 hours.
    """
    if last_asked is not None and at < last_asked + timedelta(days=policy.waits_days):
        return False
    return asked_today < policy.most_requests_a_day
