"""Who signs the audit log, and the newest head of each, as the database records them."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from serving.audit.tables import audit_signer
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class Signer:
    """A data directory by its public key, with the entry of its newest head; entry 0 before the first."""

    public_key: str
    sequence: int
    entry_hash: str
    signed_at: datetime


def all_signers(connection: Connection) -> list[Signer]:
    """All of them, by key."""
    query = select(audit_signer).order_by(audit_signer.c.public_key)
    return [Signer(**row) for row in connection.execute(query).mappings()]


def add_signer(connection: Connection, signer: Signer) -> None:
    """Record a data directory that signs."""
    add(connection, audit_signer, [asdict(signer)])


def record_head(connection: Connection, signer: Signer) -> None:
    """Record the newest head."""
    values = asdict(signer)
    own = values.pop("public_key")
    connection.execute(update(audit_signer).where(audit_signer.c.public_key == own).values(**values))


def delete_signer(connection: Connection, public_key: str) -> None:
    """Delete the record of a data directory; the log keeps when it began."""
    connection.execute(delete(audit_signer).where(audit_signer.c.public_key == public_key))
