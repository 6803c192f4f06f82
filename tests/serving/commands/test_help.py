"""The command line's help, its usage errors, and times and states as a reader knows them."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import typer

from models.routing import Lane
from serving.commands.groups import PANELS
from serving.commands.main import app
from serving.commands.showing import local_time, route_name
from serving.web.wording.vocabulary import ROUTES
from tests.serving.commands.commands import REFUSED, touchstone_in


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process in a time zone without summer time."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_help_shows_every_command_and_group_in_one_panel_of_its_subject(tmp_path: Path) -> None:
    listed = [name for names in PANELS.values() for name in names.split()]
    assert sorted(listed) == sorted(cast(typer.core.TyperGroup, typer.main.get_command(app)).commands)
    text = touchstone_in(tmp_path, "--help").out
    assert re.findall(r"^╭─ (\w+) ─", text, re.MULTILINE) == ["Options", *PANELS]
    places = [text.index(f"\n│ {name} ") for name in listed]
    assert places == sorted(places)


MISTYPED = [
    (["imprt"], "No such command 'imprt'. Did you mean 'import'?", "a command"),
    (["person", "ad"], "No such command 'ad'. Did you mean 'add'?", "a command of a group"),
    (["quarantine", "--mots", "3"], "No such option: --mots (Possible options: --most", "an option"),
    (["reporter", "add", "A", "--email", "a@b.example", "--kind", "friend"], "registered, brand, trusted_flagger", ""),
    (["export", "nothing", "--out", "a.csv"], "nothing is none of statements, brand,", "a table"),
]


@pytest.mark.parametrize(("arguments", "sentence", "_why"), MISTYPED)
def test_a_usage_error_names_what_was_meant_or_is_allowed(
    tmp_path: Path, arguments: list[str], sentence: str, _why: str
) -> None:
    done = touchstone_in(tmp_path, *arguments)
    assert done.code == REFUSED
    assert sentence in done.text


@pytest.mark.usefixtures("in_tokyo")
def test_a_time_is_that_of_the_readers_clock_with_its_zone() -> None:
    assert local_time("2026-03-01T23:30:00+00:00") == "2026-03-02 08:30:00 JST"


@pytest.mark.usefixtures("in_tokyo")
def test_lists_show_local_times(home: Path) -> None:
    touchstone_in(home, "legal-hold", "set", "seller-1", "--reason", "A court asks.")
    touchstone_in(home, "kill-switch", "off", "retraining", "--reason", "Too many.")
    for command in (("legal-hold", "list"), ("kill-switch", "show")):
        assert re.search(r"since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d JST", touchstone_in(home, *command).out), command


def test_a_route_is_named_as_on_the_pages() -> None:
    assert [route_name(lane.value) for lane in Lane] == [ROUTES[lane] for lane in Lane]
    assert route_name("refused") == "refused", "a row without a score"
