"""The brands that the model may ask now."""

from datetime import datetime

from sqlalchemy import Connection

from serving.cases.store import assignments
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.marketplaces.store.marketplaces import Marketplace
from serving.scoring.service.reference_context import ReferenceContext
from serving.scoring.service.scoring import Questions


def questions_now(
    connection: Connection, marketplace: Marketplace, context: ReferenceContext, now: datetime
) -> Questions:
    """Enrolled brands, whether questions are on hold, and the rest of the daily limits (calendar days, UTC)."""
    limits = context.daily_questions
    is_on = kill_switches.is_on(connection, marketplace.marketplace_id, AutomaticRule.MODEL_QUESTIONS)
    kept = context.questions_paused or not is_on
    if not limits:
        return Questions(context.taking_part, kept)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = assignments.asked_since(connection, marketplace.marketplace_id, limits, midnight)
    left = {brand_id: max(0, limit - asked.get(brand_id, 0)) for brand_id, limit in limits.items()}
    return Questions(context.taking_part, kept, left)
