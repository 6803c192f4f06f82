"""Rules like those of Alibaba's IP protection platform."""

from typing import Final

from models.policies.counter_notices.rules import CounterNoticePolicy, Days, Maintaining, Silence

ALIBABA_LIKE: Final = CounterNoticePolicy(
    name="alibaba_like",
    # Three rounds; what is contested after the third is decided by a person (Capabilities row 70).
    most_rounds=3,
    days=Days.BUSINESS,
    # A seller answers within three business days (Capabilities C.4, Alibaba).
    seller_days=3,
    # Alibaba's own number for the rights holder was not seen; four days is Mercado Libre's (Capabilities C.4).
    rights_holder_days=4,
    # Second and third rounds: seven business days for either side (Capabilities C.4; the source is garbled there).
    later_round_days=7,
    # Who says nothing to a removal leaves it as it is; the appeal stays open for six months.
    seller_silence=Silence.REMOVAL_STANDS,
    # A rights holder that does not answer does not keep an offer down (Capabilities C.4).
    rights_holder_silence=Silence.REINSTATED,
    maintaining=Maintaining.REASONS,
)
