"""What of its set-up a marketplace has."""

from sqlalchemy import Connection, exists, func, select

from serving.accounts.tables import role_grant
from serving.brands.tables import brand_enrolment
from serving.cases.tables import verdict
from serving.learning.tables import model
from serving.listings.tables import listing
from serving.marketplaces.rules import SetupStep
from serving.platform.database.scope import inside
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionState


def steps_done(connection: Connection, marketplace_id: str) -> frozenset[SetupStep]:
    """The steps that are done; each is looked up by its first row."""
    people = select(func.count(func.distinct(role_grant.c.user_id))).where(inside(role_grant, marketplace_id))
    done = {
        SetupStep.LISTINGS: exists().where(inside(listing, marketplace_id)),
        SetupStep.CASE: exists().where(inside(verdict, marketplace_id)),
        SetupStep.BRAND: exists().where(inside(brand_enrolment, marketplace_id)),
        SetupStep.COLLEAGUES: people.scalar_subquery() > 1,
        SetupStep.WEBHOOK: exists().where(inside(action, marketplace_id, state=ActionState.ACKNOWLEDGED.value)),
        SetupStep.MODEL: exists().where(inside(model, marketplace_id)),
    }
    row = connection.execute(select(*(condition.label(step.value) for step, condition in done.items()))).one()
    return frozenset(step for step, is_done in zip(done, row, strict=True) if is_done)
