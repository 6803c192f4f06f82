"""The tables of mail."""

import sqlalchemy as sa

from serving.mail.rules.kinds import MailKind, MailState
from serving.platform.database.schema import ID, id_column, metadata, moment, word
from serving.platform.database.types import Json

# A mail to an account, or to the address of somebody without one; that one is of the marketplace that wrote it.
mail = sa.Table(
    "mail",
    metadata,
    id_column("mail_id"),
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=True),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=True),
    sa.Column("address", sa.String(320), nullable=True),
    # The language of a reader without an account.
    word("language", nullable=True),
    word("kind", MailKind),
    # What it tells of: a notice, an invitation; and the day of a daily mail.
    id_column("subject_id", nullable=True),
    sa.Column("parameters", Json, nullable=False),
    # The path of a link that opens an account, sealed until the mail has left, and then erased.
    sa.Column("secret_link", sa.String(1000), nullable=True),
    sa.Column("message_id", sa.String(300), nullable=False, unique=True),
    word("state", MailState),
    sa.Column("attempts", sa.Integer, nullable=False),
    moment("due_at", nullable=True),
    moment("queued_at"),
    moment("ended_at", nullable=True),
    sa.Column("last_error", sa.String(400), nullable=True),
    sa.PrimaryKeyConstraint("mail_id"),
    sa.CheckConstraint("(user_id IS NULL) <> (address IS NULL)", name="recipient"),
    sa.CheckConstraint("(address IS NULL) = (marketplace_id IS NULL)", name="marketplace"),
    sa.CheckConstraint("(state = 'queued') = (due_at IS NOT NULL)", name="due"),
    sa.Index("ix_mail_due", "state", "due_at"),
    sa.Index("ix_mail_user", "user_id", "kind", "queued_at"),
    sa.Index("ix_mail_address", "address"),
    sa.Index("ix_mail_subject", "subject_id", "kind"),
    sa.Index("ix_mail_queued", "queued_at"),
    sa.Index("ix_mail_ended", "ended_at"),
)

# Between which times of a person's day mails that can wait do not leave, as "22:00", by the clock of their time zone.
mail_quiet = sa.Table(
    "mail_quiet",
    metadata,
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), primary_key=True),
    sa.Column("begins", sa.String(5), nullable=False),
    sa.Column("ends", sa.String(5), nullable=False),
    moment("changed_at"),
)

# The kinds of mail that a person has turned off, or on again.
mail_choice = sa.Table(
    "mail_choice",
    metadata,
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("kind", MailKind),
    sa.Column("wanted", sa.Boolean, nullable=False),
    moment("changed_at"),
    sa.PrimaryKeyConstraint("user_id", "kind"),
)
