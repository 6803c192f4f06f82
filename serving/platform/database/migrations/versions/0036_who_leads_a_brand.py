"""Who of a brand's people may change what it has on file"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0033"


def upgrade() -> None:
    """Apply. Nobody may yet: a brand's account manager says who."""
    op.add_column("role_grant", sa.Column("leads", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take back."""
    op.drop_column("role_grant", "leads")
