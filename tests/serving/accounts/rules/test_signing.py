"""Which signed reports wait for a person, and which accounts are paused."""

from dataclasses import replace

import pytest

from serving.accounts.policy import DEFAULT_SERVICE_ACCOUNTS
from serving.accounts.rules.signing import SignedReport, SigningTool, WaitCause, is_paused, wait_causes

TOOL = SigningTool("svc_1", "Crawler", "sgk_1", is_vouched=True, network="a", is_known_network=True)
NEW = replace(TOOL, is_vouched=False, is_known_network=False)
FLOOR = 20

WAITS = [
    (TOOL, 300, 0, 150, (), "twice the usual day is not above it"),
    (TOOL, 301, 0, 150, (WaitCause.ABOVE_USUAL,), "one more than twice the usual day"),
    (TOOL, 150, 151, 150, (WaitCause.ABOVE_USUAL,), "what left today counts"),
    (TOOL, 20, 0, 0, (), "a brand without a record may send a few"),
    (TOOL, 1, 20, 0, (WaitCause.ABOVE_USUAL,), "and at most these in a day"),
    (NEW, 1, 0, 150, (WaitCause.NEW_KEY,), "the network of a new key is new as well; one reason is enough"),
    (replace(TOOL, is_known_network=False), 1, 0, 150, (WaitCause.NEW_NETWORK,), "a stolen key elsewhere"),
    (
        replace(TOOL, network=None, is_known_network=None),
        1,
        0,
        150,
        (),
        "behind an unnamed proxy all look alike",
    ),
    (NEW, 301, 0, 150, (WaitCause.NEW_KEY, WaitCause.ABOVE_USUAL), "both are said"),
]


@pytest.mark.parametrize(
    ("tool", "listings", "today", "usual_day", "causes"), [row[:5] for row in WAITS], ids=[row[5] for row in WAITS]
)
def test_a_signed_report_waits(
    tool: SigningTool, listings: int, today: int, usual_day: int, causes: tuple[WaitCause, ...]
) -> None:
    report = SignedReport(tool, listings, today, usual_day)
    assert wait_causes(report, FLOOR, DEFAULT_SERVICE_ACCOUNTS) == causes


@pytest.mark.parametrize(
    ("places", "people", "paused"),
    [
        (["a", "b"], {"a", "b", "c"}, False),
        (["a"], {"a", "b", "c"}, True),
        (["a", "b"], {"a", "c"}, True),
        (["a", "a"], {"a"}, True),
        ([], set(), True),
    ],
    ids=["two of the brand", "one place is empty", "one has left the brand", "one person is not two", "nobody"],
)
def test_an_account_is_paused_without_two_people(places: list[str], people: set[str], paused: bool) -> None:
    assert is_paused(places, people) is paused
