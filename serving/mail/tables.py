"""The tables of mail."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table

from serving.mail.rules.kinds import MailKind, MailState
from serving.platform.database.schema import ID, id_column, metadata, moment, word
from serving.platform.database.types import Json

# A mail to an account, or to the address of somebody without one; that one is of the marketplace that wrote it.
mail = Table(
    "mail",
    metadata,
    id_column("mail_id"),
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=True),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=True),
    Column("address", String(320), nullable=True),
    # The language of a reader without an account.
    word("language", nullable=True),
    word("kind", MailKind),
    # What it tells of: a notice, an invitation; and the day of a daily mail.
    id_column("subject_id", nullable=True),
    Column("parameters", Json, nullable=False),
    # The path of a link that opens an account, sealed until the mail has left, and then erased.
    Column("secret_link", String(1000), nullable=True),
    Column("message_id", String(300), nullable=False, unique=True),
    word("state", MailState),
    Column("attempts", Integer, nullable=False),
    moment("due_at", nullable=True),
    moment("queued_at"),
    moment("ended_at", nullable=True),
    Column("last_error", String(400), nullable=True),
    PrimaryKeyConstraint("mail_id"),
    CheckConstraint("(user_id IS NULL) <> (address IS NULL)", name="recipient"),
    CheckConstraint("(address IS NULL) = (marketplace_id IS NULL)", name="marketplace"),
    CheckConstraint("(state = 'queued') = (due_at IS NOT NULL)", name="due"),
    Index("ix_mail_due", "state", "due_at"),
    Index("ix_mail_user", "user_id", "kind", "queued_at"),
    Index("ix_mail_address", "address"),
    Index("ix_mail_subject", "subject_id", "kind"),
    Index("ix_mail_queued", "queued_at"),
    Index("ix_mail_ended", "ended_at"),
)

# Between which times of a person's day mails that can wait do not leave, as "22:00", by the clock of their time zone.
mail_quiet = Table(
    "mail_quiet",
    metadata,
    Column("user_id", ID, ForeignKey("account.user_id"), primary_key=True),
    Column("begins", String(5), nullable=False),
    Column("ends", String(5), nullable=False),
    moment("changed_at"),
)

# The kinds of mail that a person has turned off, or on again.
mail_choice = Table(
    "mail_choice",
    metadata,
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("kind", MailKind),
    Column("wanted", Boolean, nullable=False),
    moment("changed_at"),
    PrimaryKeyConstraint("user_id", "kind"),
)
