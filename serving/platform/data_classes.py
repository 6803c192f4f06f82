"""The classes of personal data with a separate retention period."""

from enum import StrEnum


class DataClass(StrEnum):
    """A class of data with its own retention period; the name is that of its setting."""

    STATEMENTS = "statements"  # A seller's texts in appeals and counter-notices, from notification of the removal.
    DOCUMENTS = "documents"  # Documents of a seller, from notification of the removal; of a brand's report, from it.
    EVIDENCE_PARTS = "evidence_parts"  # The parts of evidence that show the seller, from notification of the removal.
    CUSTODY = "custody"  # Descriptions of test buys, from the end of the test buy or the report that records it.
    CONTACTS = "contacts"  # Hashes of a seller's contacts, from its last listing.
    NOTIFIERS = "notifiers"  # Strangers who notified listings, and their texts, from their last notice.
    REFUSED_ROWS = "refused_rows"  # Beginnings of rows refused at intake, from their receipt.
    SELLER_EVENTS = "seller_events"  # Sales, returns and ratings, from their time.
    MAILS = "mails"  # Mails to people and notifiers, from their end.
    SESSIONS = "sessions"  # Sessions of people, invitations and reset links, from their end.
