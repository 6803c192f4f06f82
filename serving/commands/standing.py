"""Commands about the good-faith standing of brands: levels, the counts behind them, and the outlook."""

import json
from typing import Annotated, Any, Final

import typer

from serving.commands.declaring import command
from serving.commands.groups import standing
from serving.commands.options import AsJson
from serving.commands.registry import At
from serving.commands.showing import print_table, say, words

_COUNTS: Final = ("accepted", "rejected", "overturned", "audited", "audited_right")
_LEFT: Final = ("standing", "alone earns")


def _print_one(found: dict[str, Any], *, as_json: AsJson = False) -> None:
    if as_json:
        _say_json(found)
        return
    say([*found["reasons"], ""])
    rows = [(words(name), *_cells(counts), words(found["scopes"][name])) for name, counts in found["counts"].items()]
    print_table(("counted", *map(words, _COUNTS), "alone earns"), rows, left=_LEFT)
    if found["unanswered"]:
        say(f"Questions that came back unanswered: {found['unanswered']:,}.")
    say(found["outlook"])
    for change in found["history"]:
        warned = ", with a warning" if change["warned"] else ""
        say(f"{change['known_at']}  {words(change['level'])}{warned}")
    say(f"As of {found['as_of']}, {found['policy_version']}.")


@command(standing, "explain", show=_print_one)
def explain_standing(at: At, brand: Annotated[str, typer.Argument(help="Its name.")]) -> dict[str, Any]:
    """Show a brand's standing with the counts behind it, the reasons, the outlook, and its history."""
    from serving.brands.store.brands import enrolled_by_name
    from serving.standing.service import explanation

    with at.runtime.store.read() as connection:
        return explanation(at.runtime, connection, at.here, enrolled_by_name(connection, at.here, brand))


def _print_all(found: dict[str, Any], *, as_json: AsJson = False) -> None:
    if as_json:
        _say_json(found)
        return
    rows = [
        (name, words(one["level"]) + (", warned" if one["warned"] else ""), *_cells(one["counts"]["overall"])[:3])
        for name, one in found.items()
    ]
    print_table(("brand", "standing", *_COUNTS[:3]), rows, left=_LEFT)


@command(standing, "list", show=_print_all)
def list_standings(at: At) -> dict[str, Any]:
    """List the standing of every enrolled brand."""
    from serving.brands.store.brands import enrolments
    from serving.standing.service import explanation

    with at.runtime.store.read() as connection:
        enrolled = enrolments(connection, at.here)
        return {one.name: explanation(at.runtime, connection, at.here, brand) for brand, one in enrolled.items()}


def _say_json(found: dict[str, Any]) -> None:
    say(json.dumps(found, indent=2, ensure_ascii=False))


def _cells(counts: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{counts[name]:,}" for name in _COUNTS)
