"""Rules like those of 17 U.S.C. § 512(g), as eBay applies them to counter-notices."""

from typing import Final

from models.policies.counter_notices.rules import CounterNoticePolicy, Days, Maintaining, Silence

DMCA_LIKE: Final = CounterNoticePolicy(
    name="dmca_like",
    most_rounds=1,
    days=Days.BUSINESS,
    # The statute sets the subscriber no deadline.
    seller_days=None,
    # § 512(g)(2)(C): replaced not less than 10 business days after the counter-notice (Capabilities C.4, eBay).
    rights_holder_days=10,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    rights_holder_silence=Silence.REINSTATED,
    # § 512(g)(2)(C): unless an action seeking a court order has been filed.
    maintaining=Maintaining.COURT_ACTION,
)
