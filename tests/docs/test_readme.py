"""The README names what Touchstone is made of, and repeats the benchmarks without an error."""

from typing import Final

from tests.docs.generate import ROOT

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
_PEERS: Final = ("competent", "full work", "naive")
_HTTP: Final = "HTTP at 16 connections, 100,000 listings stored, "
_SERVER: Final = "a request in the server, processor microseconds"
# The rows of the README and how the benchmark begins their name.
_ROWS: Final = {
    "one listing in process": "one listing in process, ",
    "the same with its route, and reasons where a person sees it": "one listing with its route, ",
    "one request over HTTP at 16 connections, in the server": _HTTP + _SERVER,
    "the same with sellers' histories": f"{_HTTP}with sellers' histories, {_SERVER}",
}


def test_the_first_lines_name_what_it_is_made_of() -> None:
    first = " ".join(README.split("\n\n")[1].split())
    parts = ("price, seller history and text into features", "LightGBM and scikit-learn", "brand queues", "retraining")
    assert [part for part in (*parts, "MLflow") if part not in first] == []


def cells(document: str, heading: str) -> list[list[str]]:
    """The rows of the first table after a heading."""
    table = document.partition(heading)[2].partition("\n| ")[2].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_the_table_of_speed_is_that_of_the_benchmarks() -> None:
    benchmarks = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    shown: dict[str, list[str]] = {}
    for what, ours, peer, theirs, ratio in cells(benchmarks, "## Whole scores"):
        name = next((name for name, beginning in _ROWS.items() if what.startswith(beginning)), None)
        if name is not None and peer in _PEERS:
            row = shown.setdefault(name, [name, f"{ours} µs", "", "", ""])
            row[2 + _PEERS.index(peer)] = f"{theirs} µs ({ratio})"
    assert cells(README, "**Speed.**") == list(shown.values())
