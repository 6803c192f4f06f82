"""Rules of the complaint of Article 20 of the Digital Services Act, with nothing before it."""

from typing import Final

from models.policies.counter_notices.rules import CounterNoticePolicy, Days, Maintaining, Silence

DSA: Final = CounterNoticePolicy(
    name="dsa",
    most_rounds=1,
    days=Days.CALENDAR,
    # Open for as long as the appeal: six months from being informed (Article 20(1) and (2)).
    seller_days=None,
    # The complaint is the platform's to decide (Article 20(4)), by people and not by automation alone (20(6)).
    rights_holder_days=None,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    # Nobody waits for the rights holder here; if that were changed, its silence would end nothing by itself.
    rights_holder_silence=Silence.REVIEWED,
    maintaining=Maintaining.REASONS,
)
