"""Properties of every demo, whatever interrupted it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.demo.driving import KilledDemo, effects_of
from tests.serving.commands.commands import touchstone_in


def assert_adds_up(figures: Mapping[str, Any], home: Path) -> None:
    """The figures of a demo hold together, and the receiver's file agrees."""
    assert figures["received"] == figures["scored"] + figures["quarantined"]
    assert sum(figures["routes"].values()) == figures["scored"]
    assert figures["takedowns"]["sent"] == figures["takedowns"]["acknowledged"] > 0
    assert (
        figures["removals"] == figures["withdrawn"] + figures["pending_approval"] + figures["takedowns"]["acknowledged"]
    )
    reports = figures["reports"]
    assert reports["items"] == sum(number for name, number in reports.items() if name != "items")
    assert set(reports) == {"items", "scheduled", "pending_approval", "cases", "unknown", "refused"}
    assert (
        min(
            reports["scheduled"] + reports["pending_approval"] + reports["cases"],
            reports["unknown"],
            reports["refused"],
        )
        > 0
    )
    large = figures["large_reports"]
    assert (large["withdrawn"], sum(large.values())) == (24, 184), "one was stopped, and two left"
    assert set(large) <= {"withdrawn", "removed", "reinstated"}
    effects = effects_of(home)
    assert len({effect["webhook_id"] for effect in effects}) == len(effects) == figures["effects"]
    done = Counter(effect["action"] for effect in effects)
    assert (done["remove"], done["reinstate"]) == (figures["takedowns"]["acknowledged"], figures["reinstatements"])
    assert sum("request" in effect for effect in effects) == done.total() - done["remove"] - done["reinstate"]


def assert_nothing_was_lost(survived: KilledDemo) -> None:
    """Every pending takedown ended with one effect; no acknowledged listing or verdict is gone."""
    earlier_figures, figures = survived.figures_before, survived.figures
    assert len(survived.rows_at_kill.listings) >= earlier_figures["listings"]
    assert len(survived.rows_at_kill.verdicts) >= sum(earlier_figures["verdicts"].values())
    assert survived.rows_at_kill.listings <= survived.rows.listings
    assert survived.rows_at_kill.verdicts <= survived.rows.verdicts
    removed = [effect["webhook_id"] for effect in effects_of(survived.home) if effect["action"] == "remove"]
    assert len(removed) == len(set(removed)) == figures["removals"]["acknowledged"] > 0
    assert figures["removals"]["sent"] == figures["removals"]["acknowledged"]


def assert_the_audit_chain_holds(home: Path) -> None:
    """`touchstone audit verify` reports an unbroken chain."""
    done = touchstone_in(home, "audit", "verify")
    assert (done.code, done.out.endswith("entries, unbroken.\n")) == (0, True), done.text
