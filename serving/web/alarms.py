"""The banner above every staff page, of alerts and switched-off rules; and the unread messages of the navigation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from models.messages.english import in_english
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.brands.rules.authorisation import MessageSide
from serving.brands.service.brand_messages import managed_pairs, unread_count
from serving.cases.service.removal_approvals import VOTERS, awaits_vote_of, sees_batch
from serving.cases.store.case_notes import unseen_count
from serving.marketplaces.rules import RULES
from serving.marketplaces.store import kill_switches
from serving.platform import display
from serving.platform.runtime import Runtime
from serving.takedowns.policy import TellingPolicy
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.store import alerts, approvals, removal_checks, removal_notices
from serving.web.wording import words

PENDING = "/pending-removals"
_MOST_GROUPS = 3  # A longer banner hides the page below it.


@dataclass(frozen=True, slots=True)
class Alarms:
    """Sentences, those about batches of pending removals with their addresses, and the removed listings still shown.

    `awaits_vote` is whether the first batches await the reader's own vote.
    """

    sentences: tuple[str, ...] = ()
    pending: tuple[tuple[str, str], ...] = ()
    awaits_vote: bool = False
    still_shown: int = 0


@dataclass(frozen=True, slots=True)
class UnmailedNotice:
    """A person whose removals the reader can stop and could not be told of by mail, with the link."""

    by: str
    path: str


def unmailed_notices(runtime: Runtime, person: Person) -> tuple[UnmailedNotice, ...]:
    """The notices to a reader that stand on the pages, because no mail of them arrived; one a person who removes."""
    since = runtime.clock.now() - timedelta(hours=runtime.policies[TellingPolicy].stands_hours)
    with runtime.store.read() as connection:
        own = [
            notice for notice in removal_notices.unused_since(connection, since) if person.user_id in notice.recipients
        ]
        ids = [notice.notice_id for notice in own]
        if runtime.settings.smtp_host:
            ids = list(removal_notices.undelivered(connection, ids, person.user_id))
        latest = {notice.remover.user_id: notice for notice in reversed(own) if notice.notice_id in ids}
        names = accounts.names(connection, list(latest))
    return tuple(
        UnmailedNotice(names.get(user_id, ""), stop_path(runtime, person.user_id, notice.notice_id))
        for user_id, notice in latest.items()
    )


@display.in_english()  # Staff read them, also on a page in their language.
def alarms_of(runtime: Runtime, person: Person) -> Alarms:
    """The alarms of a person's marketplaces; empty for brands and data scientists."""
    places = frozenset[str]().union(*(person.marketplaces(permission) for permission in VOTERS))
    if not places:
        return Alarms()
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        off = kill_switches.rules_off(connection, places)
        raised = alerts.open_alerts(connection, places)
        groups = [group for group in approvals.pending_batches(connection, places) if sees_batch(person, group)]
        names = accounts.names(connection, [alert.subject for alert in raised])
        names |= {group.brand_id or "": group.brand for group in groups}
        own = frozenset(group.batch_id for group in groups if awaits_vote_of(person, group))
        own = approvals.batches_without_vote(connection, person.user_id, own) if own else own
        still_shown = removal_checks.still_shown_count(connection, places)
    lines = [
        f"“{in_english(RULES[switch.rule].name)}” has been switched off since {words.moment(switch.off_since, now)}: "
        f"{switch.reason} {in_english(RULES[switch.rule].off)}"
        for switch in off
    ]
    lines += [
        f"{names.get(alert.subject, alert.subject or 'Approval needed')}: {alert.sentence} "
        f"New removals have needed approval since {words.moment(alert.raised_at, now)}."
        for alert in raised
        if alert.cause in alerts.PENDING_CAUSES
    ]
    lines += [
        f"{alert.sentence} Raised {words.moment(alert.raised_at, now)}."
        for alert in raised
        if alert.cause is alerts.CheckAlarm.CAMPAIGN
    ]
    groups.sort(key=lambda group: group.batch_id not in own)
    pending = []
    for group in groups[:_MOST_GROUPS]:
        number, since = words.many(group.pending, "removal"), words.moment(group.since, now)
        sentence = f"{number} pending approval since {since}: {group.brand}, confirmed by {group.person}"
        pending.append((sentence, f"{PENDING}/{group.batch_id}"))
    if rest := sum(group.pending for group in groups[_MOST_GROUPS:]):
        pending.append((f"{words.many(rest, 'more removal')} pending approval", PENDING))
    return Alarms(tuple(lines), tuple(pending), bool(own), still_shown)


BRAND = "/brand/messages"
MANAGER = "/brands"
NOTES = "/notes"


def unread_by_address(runtime: Runtime, person: Person) -> Mapping[str, int]:
    """Unread messages by the address of the entry; empty for people without a thread."""
    pairs = person.brands(Permission.ANSWER_QUESTIONS)
    manages = person.may(Permission.MANAGE_BRANDS)
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    if not pairs and not manages and not reviewed:
        return {}
    with runtime.store.read() as connection:
        counts = {BRAND: unread_count(connection, person, pairs, MessageSide.BRAND)} if pairs else {}
        if reviewed:
            counts[NOTES] = unseen_count(connection, person.user_id, reviewed)
        if manages:
            counts[MANAGER] = unread_count(connection, person, managed_pairs(connection, person), MessageSide.MANAGER)
    return counts
