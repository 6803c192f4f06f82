"""A file of people: all are added or nobody, and each mistake is named by its line."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.errors import Invalid
from serving.accounts.rules.access import Role
from serving.accounts.service import auth
from serving.accounts.store import accounts, origins
from serving.accounts.tables import account, account_origin, role_grant
from serving.commands.people import people_of
from tests.serving.cli.commands import REFUSED, opened, touchstone_in

HEAD = "email,name,role,brand,leads\n"
TEAM = (
    "ada@b.example,Ada Roth,analyst,,\nbo@b.example,Bo Lind,data_scientist,,\ncy@a.example,Cy Dahl,brand,Aurelle,yes\n"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text, "utf-8")
    return path


def numbers(home: Path) -> list[int]:
    with opened(home) as runtime, runtime.store.read() as connection:
        tables = (account, role_grant, account_origin)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_a_team_of_three_is_three_independent_people_who_sign_in(home: Path, tmp_path: Path) -> None:
    done = touchstone_in(home, "person", "add", "--file", str(written(tmp_path, "\ufeff" + HEAD + TEAM)))
    shown = dict(line.split() for line in done.out.splitlines())
    assert (done.code, list(shown)) == (0, ["ada@b.example", "bo@b.example", "cy@a.example"])
    with opened(home) as runtime:
        people = [
            auth.session_of(runtime, auth.sign_in(runtime, email, password).token).person
            for email, password in shown.items()
        ]
        with runtime.store.read() as connection:
            roots = origins.roots(connection)
    assert [roots[one.user_id] for one in people] == [{one.user_id} for one in people]
    assert [(one.role, one.leads) for person in people for one in person.grants] == [
        (Role.ANALYST, False),
        (Role.DATA_SCIENTIST, False),
        (Role.BRAND, True),
    ]


REFUSALS: list[tuple[str, list[str], str]] = [
    (HEAD + TEAM + "ines@touchstone.example,I,analyst,,\n", ["line 5: There is an account for ines@"], "known already"),
    (HEAD + TEAM + "ada@b.example,Ada,analyst,,\n", ["line 5: There is an account for ada@b.example"], "named twice"),
    (HEAD + TEAM + "x@b.example,X,brand,Lumo,\n", ["line 5: There is no brand named Lumo."], "no such brand"),
    (HEAD + "x@b.example,X,brand,,\n" + TEAM, ["line 2: A brand's person names their brand"], "a brand's, of no brand"),
    (HEAD + "x@b.example,X,analyst,,yes\n" + TEAM, ["line 2: Only a brand's person can lead it."], "leads nothing"),
    (HEAD + "x,X,analyst,,\n" + TEAM, ["line 2: This is not an e-mail address."], "no address"),
    (HEAD + "x@b.example,X,king,,\n" + TEAM, ["line 2: king is no role; roles are analyst, brand"], "no role"),
    (HEAD + "x@b.example,,,,\n" + TEAM, ["line 2: the name is missing.", "line 2: the role is missing."], "two cells"),
    (HEAD + "x@b.example,X,brand,Aurelle,perhaps\n", ["line 2: leads is yes, no or empty, and not perhaps."], "a mark"),
    (HEAD + "x@b.example,X,analyst\n", ["line 2: it has another number of cells than the header."], "too few cells"),
    (HEAD + 'x@b.example,"X\nY",king,,\ny@b.example,Y,queen,,\n', ["line 3: king", "line 4: queen"], "a long cell"),
    ("email,name\nx@b.example,X\n", ["line 1: the columns are email, name, role, brand"], "a column is missing"),
    ("email,name,role,shoe\nx@b.example,X,analyst,9\n", ["line 1: the columns are"], "a column is unknown"),
    ("email,name,role,name\nx@b.example,X,analyst,X\n", ["line 1: the columns are"], "a column stands twice"),
    ("", ["line 1: the columns are"], "an empty file"),
    (HEAD, ["people.csv names nobody."], "only a header"),
    (HEAD + "x,X,analyst,,\nines@touchstone.example,I,analyst,,\n", ["line 2: This", "line 3: There is"], "both lines"),
]


@pytest.mark.parametrize(("text", "lines", "_why"), REFUSALS)
def test_a_file_with_a_mistake_adds_nobody(home: Path, tmp_path: Path, text: str, lines: list[str], _why: str) -> None:
    before = numbers(home)
    done = touchstone_in(home, "person", "add", "--file", str(written(tmp_path, text)))
    assert (done.code, done.out) == (REFUSED, "")
    assert "Nobody was added." in done.err
    assert all(line in done.err for line in lines)
    assert numbers(home) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a@b.example", "--file", "people.csv"], "The file names everybody"),
        (["--file", "people.csv", "--role", "analyst"], "The file names everybody"),
        (["a@b.example", "--name", "A"], "--role"),
        (["--name", "A", "--role", "analyst"], "e-mail address"),
    ],
)
def test_one_person_or_a_file_is_named(home: Path, arguments: list[str], sentence: str) -> None:
    done = touchstone_in(home, "person", "add", *arguments)
    assert done.code != 0
    assert sentence in " ".join(done.err.split())


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xff\xfe\x00")
    for one in (path, tmp_path / "none.csv"):
        with pytest.raises(Invalid, match="cannot be read"):
            people_of(one)


def test_the_owner_founds_an_invited_account_again(home: Path) -> None:
    assert "/reset/" in touchstone_in(home, "person", "reset", "ines@touchstone.example", "--root").out
    with opened(home) as runtime, runtime.store.read() as connection:
        assert accounts.user_id_by_email(connection, "ines@touchstone.example") in origins.roots(connection)
