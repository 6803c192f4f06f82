"""How the prices behind a reference lie, to be drawn"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    """Apply."""
    op.add_column("price_reference", sa.Column("samples", serving.platform.database.types.Json(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("price_reference", "samples")
