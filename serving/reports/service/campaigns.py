"""The alert of a brand's campaign against one seller."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.message import message
from models.messages.english import in_english
from models.policies.version import policy_version
from serving.audit.store import audit
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.marketplaces.store import marketplaces
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.reports.policy import CampaignPolicy
from serving.reports.rules.good_faith import Campaign, find_campaigns
from serving.reports.store.good_faith import accusations, brands_with_many
from serving.takedowns.store import alerts
from serving.takedowns.store.alerts import Alert, CheckAlarm

_ACTOR: Final = "campaign_alarm"
_LONGEST_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class _NamedCampaign:
    """A campaign, the subject of its alert, and the brand's name."""

    subject: str
    brand: str
    campaign: Campaign


def watch_campaigns(runtime: Runtime) -> int:
    """Raise an alert for each campaign, and settle those that are over; returns how many changed.

    One alert is open for a brand and seller, however long the campaign lasts. It stops nothing by itself: the people
    who see it look at the brand's statements, and can put its removals on hold.
    """
    with runtime.store.read() as connection:
        places = [marketplace.marketplace_id for marketplace in marketplaces.all_marketplaces(connection)]
    return sum(_watch_marketplace(runtime, place) for place in places)


def _watch_marketplace(runtime: Runtime, marketplace_id: str) -> int:
    now, policy = runtime.clock.now(), runtime.policies[CampaignPolicy]
    with runtime.store.read() as connection:
        names = {brand_id: brand.name for brand_id, brand in brands.enrolments(connection, marketplace_id).items()}
        findings = [
            _NamedCampaign(f"{brand_id} {campaign.seller}"[:_LONGEST_SUBJECT], names[brand_id], campaign)
            for brand_id in _suspect_brands(connection, marketplace_id, set(names), now, policy)
            for campaign in _campaigns_of_brand(connection, marketplace_id, brand_id, now, policy)
        ]
        raised = {
            alert.subject: alert
            for alert in alerts.open_alerts(connection, {marketplace_id})
            if alert.cause is CheckAlarm.CAMPAIGN
        }
    lasting, shown = {finding.subject for finding in findings}, timedelta(days=policy.shown_days)
    over = [alert for alert in raised.values() if alert.subject not in lasting and now - alert.raised_at >= shown]
    new = [finding for finding in findings if finding.subject not in raised]
    if not new and not over:
        return 0
    with runtime.store.write() as connection:
        for finding in new:
            _raise_campaign(runtime, connection, marketplace_id, finding, now)
        alerts.settle_alerts(connection, marketplace_id, [alert.alert_id for alert in over], now)
    return len(new) + len(over)


def _suspect_brands(
    connection: Connection, marketplace_id: str, brand_ids: set[str], now: datetime, policy: CampaignPolicy
) -> list[str]:
    """The brands whose statements are worth counting: nobody else reaches a least count."""
    longest = max(days for days, _ in policy.windows)
    fewest = min(least for _, least in policy.windows)
    return brands_with_many(connection, marketplace_id, brand_ids, since=now - timedelta(days=longest), least=fewest)


def _campaigns_of_brand(
    connection: Connection, marketplace_id: str, brand_id: str, now: datetime, policy: CampaignPolicy
) -> tuple[Campaign, ...]:
    days = policy.usual_days + max(days for days, _ in policy.windows)
    return find_campaigns(
        accusations(connection, marketplace_id, brand_id, since=now - timedelta(days=days)), now, policy
    )


def _raise_campaign(
    runtime: Runtime, connection: Connection, marketplace_id: str, finding: _NamedCampaign, at: datetime
) -> None:
    brand, campaign = finding.brand, finding.campaign
    sentence = in_english(
        message(
            "alert.campaign",
            brand=brand,
            seller=campaign.seller[:80],
            n=campaign.listings,
            hours=24 * campaign.days,
            usual=f"{campaign.usual:.1f}".removesuffix(".0"),
        )
    )
    raised = Alert(marketplace_id, runtime.ids.new("alr"), CheckAlarm.CAMPAIGN, finding.subject, sentence, at)
    if not alerts.raise_alert(connection, raised):
        return
    about = {"what": "campaign", "path": "/", "brand": brand, "seller": campaign.seller, "n": campaign.listings}
    queue_to_roles(runtime, connection, MailKind.ALARM, marketplace_id, about)
    version = policy_version(runtime.policies[CampaignPolicy])
    payload = {"cause": raised.cause.value, "subject": raised.subject, "policy_version": version}
    audit.record(connection, at, marketplace_id, _ACTOR, "alert.raised", raised.alert_id, **payload)
    log.warning("alert.raised", marketplace_id=marketplace_id, cause=raised.cause.value, alert_id=raised.alert_id)
