"""The settings of the rules of privacy: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# How long each class of personal data is kept, in days.


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Settings of `serving.privacy.rules.erasure`; None keeps without limit.

    The evidence of a removal is kept at least until the time for complaints is over, independent of these settings
    (GDPR, Article 17(3)(e); Digital Services Act, Article 20(1)), and under a legal hold until its end.
    """

    # Three years: the regular limitation period of claims in much of Europe, such as section 195 of the German BGB.
    statements: int | None = 1_095
    documents: int | None = 1_095
    # After a seller's last listing: a returning seller does so within weeks.
    contacts: int | None = 1_095
    # Longer than a notifier can complain: the results of a stranger's notices affect how later ones are treated.
    notifiers: int | None = 1_095
    # Evidence and custody records of test buys also support a brand's own claim for damages, which may begin later.
    evidence_parts: int | None = 1_825
    custody: int | None = 1_825
    # A refused row is useful while its sender can still send a corrected one.
    refused_rows: int | None = 90
    # Time windows cover 90 days, and a marketplace's base-rate priors are computed over the same.
    seller_events: int | None = 730
    # As long as a brand or a notifier may ask whether it was told; the case and the notice themselves stay.
    mails: int | None = 90
    # An ended session proves for a month who was signed in.
    sessions: int | None = 30


DEFAULT_RETENTION: Final = RetentionPolicy()
# Below this minimum, erasure would change a seller's windows of 90 days and with them a model's features.
SHORTEST: Final = {"seller_events": 120}
