from pathlib import Path

import pytest

from tests.serving.cli.commands import REFUSED, touchstone_in

STICKER = ["--label", "Sticker inside", "--pattern", "serial sticker"]


def test_an_indicator_is_added_shown_and_withdrawn(home: Path) -> None:
    added = touchstone_in(
        home,
        "indicator",
        "add",
        "Aurelle",
        *STICKER,
        "--where",
        "description",
        "--from",
        "2026-01-01",
        "--to",
        "2027-01-01",
    )
    indicator_id = added.out.strip()
    listed = touchstone_in(home, "indicator", "list").out
    assert listed.splitlines() == [
        f"{indicator_id}  Aurelle: Sticker inside",
        "  counterfeit, description, from 2026-01-01 to 2027-01-01: serial sticker",
    ]
    assert touchstone_in(home, "indicator", "remove", indicator_id).out == f"{indicator_id} is withdrawn.\n"
    assert touchstone_in(home, "indicator", "list").out == "No brand has supplied an indicator.\n"


WRONG = [
    (["--direction", "fake"], "fake is none of counterfeit, genuine.", "an unknown direction"),
    (["--where", "picture"], "picture is none of title, description, any.", "an unknown place"),
    (["--from", "yesterday"], "yesterday is no moment such as 2026-03-01", "no moment"),
    (
        ["--pattern", "(?=a)"],
        "The pattern cannot be read: invalid perl operator: (?=.",
        "a pattern that RE2 does not read",
    ),
]


@pytest.mark.parametrize(("options", "sentence", "_why"), WRONG, ids=[row[-1] for row in WRONG])
def test_an_invalid_indicator_is_refused(home: Path, options: list[str], sentence: str, _why: str) -> None:
    done = touchstone_in(home, "indicator", "add", "Aurelle", *STICKER, *options)
    assert done.code == REFUSED
    assert sentence in done.text
