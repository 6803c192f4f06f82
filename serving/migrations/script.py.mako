"""${message}"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
