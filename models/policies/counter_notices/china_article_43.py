"""Rules like those of Article 43 of China's E-Commerce Law."""

from typing import Final

from models.policies.counter_notices.rules import CounterNoticePolicy, Days, Maintaining, Silence

CHINA_ARTICLE_43: Final = CounterNoticePolicy(
    name="china_article_43",
    most_rounds=1,
    days=Days.CALENDAR,
    # The article sets the operator on the platform no deadline for its declaration of non-infringement.
    seller_days=None,
    # Within 15 days of the declaration's arrival (Article 43; Capabilities C.4), else the measures end at once.
    rights_holder_days=15,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    rights_holder_silence=Silence.REINSTATED,
    # A complaint to the authority in charge, or a lawsuit.
    maintaining=Maintaining.COURT_ACTION,
)
