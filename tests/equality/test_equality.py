"""The comparison detects real differences and ignores irrelevant ones."""

import re
from pathlib import Path

import pytest

from tests.equality.discover import ROOT, packages
from tests.equality.normalise import RULES, Aliases, normalised_text, rules, slug
from tests.equality.plain import plain
from tests.equality.record import compare, write_part
from tests.equality.selectors import addresses, first
from tests.equality.sql_text import constraints, is_column, items, one_line

_OLD, _NEW = rules(["serving", "models"]), rules(["rooms"])
_ID = "cas_01kkbfjym0yq29416depv6azh{}"
_TOKEN = "DKH8HbugGdv7w4OtpjLCTSI3FBivrsFsTxll1-vg0T4"
_PAGE = "<main><img src='/a.png'><table><tbody><tr><td><a href='/x/1'>1</a></td></tr></tbody></table><a href=/y>y</a>"
_TABLE = """CREATE TABLE "sale" (
    id INTEGER NOT NULL, word VARCHAR(9) DEFAULT 'a, (b' NOT NULL CONSTRAINT ck_word CHECK (word IN ('a', 'b')),
    CONSTRAINT fk_id FOREIGN KEY(id) REFERENCES shop (id) ON DELETE CASCADE, UNIQUE (id, word)
) STRICT"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("as in models.policies.sellers.", "as in rooms.strikes.policy."),
        ("serving/listings/policy.py, with a release", "rooms/relist/policy.py, with a release"),
        ("serving__api__sellers__Answer", "rooms__sellers__api__Answer"),
        ("answered in 3 ms", "answered in 12.5 ms"),
        ('name="csrf_token" value="a-B_c"', 'name="csrf_token" value="d"'),
    ],
)
def test_differences_of_a_move_or_a_run_are_removed(before: str, after: str) -> None:
    assert normalised_text(before, _OLD) == normalised_text(after, _NEW)


@pytest.mark.parametrize(
    "text", ["ada@serving.example", "/models/cards/1", "/static/models.css", "cdn.market.example", "serving", "30 s"]
)
def test_similar_texts_are_unchanged(text: str) -> None:
    assert normalised_text(text, _OLD) == text


def test_every_rule_gives_its_reason() -> None:
    assert all(rule.why.endswith(".") for rule in RULES)
    assert normalised_text(str(ROOT)) == "<checkout>"


def test_ids_are_named_in_the_order_in_which_they_were_made() -> None:
    aliases = Aliases(f"{_ID.format(5)} {_ID.format(2)}")
    assert aliases.substitute(f"/cases/{_ID.format(5)}?after={_ID.format(2)}") == "/cases/cas_<2>?after=cas_<1>"
    assert aliases.substitute(_ID.format(7)) == "cas_<3>", "an id that is not in the database"
    assert aliases.substitute(f"/join/{_TOKEN} {_TOKEN}") == "/join/token_<1> token_<1>"


def test_addresses_make_names_of_files() -> None:
    assert (slug("/cases/cas_<1>?lane=ask"), slug("/")) == ("cases-cas_<1>-lane-ask", "start")


def test_a_value_is_the_same_text_in_every_process() -> None:
    assert plain({"b": frozenset("ba"), "a": (1, re.compile("x"))}) == "{'b': {'a', 'b'}, 'a': [1, re('x', 32)]}"


def test_selectors_of_the_table_of_pages_match() -> None:
    link = first(_PAGE, "main table tbody a")
    assert link is not None
    assert link.attributes == {"href": "/x/1"}
    assert first(_PAGE, "main a[href^='/y']") is not None
    assert first(_PAGE, "table a[href*='y']") is None
    assert list(addresses(_PAGE)) == ["/a.png", "/x/1", "/y"]


def test_a_table_is_parsed() -> None:
    clauses = list(items(_TABLE))
    assert [clause.split()[0] for clause in clauses if is_column(clause)] == ["id", "word"]
    assert [constraint for clause in clauses for constraint in constraints(clause)] == [
        "CONSTRAINT ck_word CHECK (word IN ('a', 'b'))",
        "CONSTRAINT fk_id FOREIGN KEY (id) REFERENCES shop (id) ON DELETE CASCADE",
        "UNIQUE (id, word)",
    ]
    assert clauses[-1] == "after: STRICT"
    assert one_line('a  = \'x  "y"\'\n AND "b"') == "a = 'x  \"y\"' AND b"


def test_equal_texts_are_equal_and_a_difference_is_shown(tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    for out, digest, title in ((before, "a" * 64, "Review queue"), (after, "b" * 64, "Queue")):
        write_part(out, "golden", {"fingerprint": "1\r\n"})
        write_part(out, "pages", {"admin/queue": f"<h1>{title}</h1><p>{digest}</p>", "admin/help": digest})
    assert list(compare(before, before)) == []
    lines = list(compare(before, after))
    assert lines[0] == "pages: 2 of 2 texts differ, 0 are gone, 0 are new"
    assert {"-<h1>Review queue</h1>", "+<h1>Queue</h1>"} <= set(lines)
    assert next(compare(before, after, without_digests=True)).startswith("pages: 1 of 2 texts differ")


def test_texts_that_are_gone_or_new_are_named(tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    write_part(before, "cli", {"serve": "x", "gone": "x"})
    write_part(after, "cli", {"serve": "x", "new": "x"})
    write_part(after, "texts", {})
    first_line, *rest, last = compare(before, after)
    assert first_line == "cli: 0 of 2 texts differ, 1 are gone, 1 are new"
    assert rest == ["  gone: gone", "  new: new"]
    assert last == f"texts: only in {after}"


def test_the_packages_of_the_tree_are_found() -> None:
    assert packages()
    assert "tests" not in packages()
