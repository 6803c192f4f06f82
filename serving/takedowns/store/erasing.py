"""Seller data in evidence, and its erasure by the subject of its snapshot."""

from typing import Final

from serving.platform.database.erasing import Place
from serving.takedowns.rules.evidence import PERSONAL_PARTS
from serving.takedowns.tables import evidence, evidence_part

EVIDENCE_PARTS: Final = (
    Place(
        evidence_part,
        {"body": None, "salt": None},
        (evidence_part.c.part.in_([part.value for part in PERSONAL_PARTS]), evidence_part.c.body.is_not(None)),
        evidence.c.subject,
        (evidence_part.c.evidence_id, evidence.c.evidence_id),
    ),
)
