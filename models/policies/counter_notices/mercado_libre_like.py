"""Rules like those of Mercado Libre's Brand Protection Program."""

from typing import Final

from models.policies.counter_notices.rules import CounterNoticePolicy, Days, Maintaining, Silence

MERCADO_LIBRE_LIKE: Final = CounterNoticePolicy(
    name="mercado_libre_like",
    # One answer each, then a person of the marketplace; further rounds are not described (inferred).
    most_rounds=1,
    days=Days.BUSINESS,
    # A seller has four days (Capabilities C.4). That they are business days is inferred: it never shortens them.
    seller_days=4,
    # The member has four days; its silence reactivates the offer (Capabilities C.4).
    rights_holder_days=4,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    rights_holder_silence=Silence.REINSTATED,
    maintaining=Maintaining.REASONS,
)
