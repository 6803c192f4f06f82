"""The classes of personal data that are kept for a time of their own. Standard library only."""

from enum import StrEnum


class DataClass(StrEnum):
    """A class of data with a time of its own; the name is that of its setting."""

    STATEMENTS = "statements"  # A seller's words in appeals and counter-notices, from being told of the removal.
    DOCUMENTS = "documents"  # A seller's documents, from the notification of the removal.
    EVIDENCE_PARTS = "evidence_parts"  # The parts of evidence that show the seller, from being told of the removal.
    CUSTODY = "custody"  # Words in the papers of test buys, from the end of the test buy.
    CONTACTS = "contacts"  # Hashes of a seller's contacts, from its last listing.
    NOTIFIERS = "notifiers"  # Strangers who notified listings, and what they wrote, from their last notice.
    REFUSED_ROWS = "refused_rows"  # Beginnings of rows that the door refused, from their receipt.
    SELLER_EVENTS = "seller_events"  # Sales, returns and ratings, from when they happened.
    SESSIONS = "sessions"  # Sessions of people, invitations and reset links, from their end.
