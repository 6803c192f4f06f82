"""Who asked whom in"""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("account") as table:
        table.add_column(sa.Column("asked_in_by", sa.String(40), nullable=True))
        table.create_foreign_key("fk_account_asked_in_by", "account", ["asked_in_by"], ["user_id"])


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("account") as table:
        table.drop_constraint("fk_account_asked_in_by", type_="foreignkey")
        table.drop_column("asked_in_by")
