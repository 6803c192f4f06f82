"""All tables of the service: importing this module declares every one of them."""

from serving.accounts import tables as accounts
from serving.appeals import tables as appeals
from serving.audit import tables as audit
from serving.brands import tables as brands
from serving.cases import tables as cases
from serving.learning import tables as learning
from serving.listings import tables as listings
from serving.mail import tables as mail
from serving.marketplaces import tables as marketplaces
from serving.notices import tables as notices
from serving.operations import tables as operations
from serving.platform.artifacts import tables as artifacts
from serving.platform.database import tables as database
from serving.platform.database.schema import metadata
from serving.platform.idempotency import tables as idempotency
from serving.privacy import tables as privacy
from serving.reports import tables as reports
from serving.scoring import tables as scoring
from serving.sellers import tables as sellers
from serving.standing import tables as standing
from serving.takedowns import tables as takedowns
from serving.webhooks import tables as webhooks

__all__ = ["TABLE_MODULES", "metadata"]

TABLE_MODULES = (
    accounts, appeals, artifacts, audit, brands, cases, idempotency, learning, listings, mail, marketplaces, notices,
    operations, database, privacy, reports, scoring, sellers, standing, takedowns, webhooks,
)  # fmt: skip
