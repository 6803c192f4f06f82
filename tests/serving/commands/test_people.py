"""Commands about people and keys, the audit log, figures and quarantine."""

import json
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook

from models.errors import Forbidden, Invalid
from serving.accounts.rules.access import Role, Scope
from serving.accounts.service import auth
from serving.accounts.service.passwords import reset_by_link
from serving.accounts.store import accounts, origins
from serving.accounts.tables import account, account_origin, role_grant
from serving.brands.store import authorised_sellers, brands
from serving.commands.people import people_of
from serving.marketplaces.service.keys import key_of_header
from serving.marketplaces.store import marketplaces
from tests.fixtures.labelled import write_ndjson
from tests.fixtures.notifying import EMAIL, a_listing, notify
from tests.fixtures.runtimes import Site, a_row, a_suspect_row
from tests.serving.commands.commands import REFUSED, runtime_of, touchstone_in


def test_a_marketplace_is_founded_and_named_by_its_id(empty_home: Path) -> None:
    done = touchstone_in(empty_home, "marketplace", "add", "Bazaar", "--currency", "USD")
    with runtime_of(empty_home) as runtime, runtime.store.read() as connection:
        (marketplace,) = marketplaces.all_marketplaces(connection)
    assert (done.code, done.out.strip()) == (0, marketplace.marketplace_id)
    assert (marketplace.name, marketplace.base_currency) == ("Bazaar", "USD")


def test_a_person_signs_in_with_the_password_that_was_shown(home: Path) -> None:
    done = touchstone_in(home, "person", "add", "ada@bazaar.example", "--name", "Ada Roth", "--role", "analyst")
    email, password = done.out.split()
    with runtime_of(home) as runtime:
        assert auth.sign_in(runtime, email, password).token
        with pytest.raises(auth.NotSignedIn):
            auth.sign_in(runtime, email, password + "x")


def test_who_forgot_their_password_gets_a_link_from_the_owner(home: Path) -> None:
    done = touchstone_in(home, "person", "reset", "INES@touchstone.example")
    address, _, token = done.out.strip().partition("/reset/")
    assert address == "http://localhost:8321"
    with runtime_of(home) as runtime:
        reset_by_link(runtime, token, new_password="a better password", again="a better password")
        assert auth.sign_in(runtime, "ines@touchstone.example", "a better password").token
    unknown = touchstone_in(home, "person", "reset", "nobody@touchstone.example")
    assert (unknown.code, unknown.out) == (REFUSED, "")
    assert "There is no account for nobody@touchstone.example." in unknown.err


def test_a_brand_has_its_other_names_and_prefixes(home: Path) -> None:
    names = ["--alias", "Нордфьелл", "--alias", "ノルドフィエル", "--gtin-prefix", "7038010"]
    done = touchstone_in(home, "brand", "add", "Nordfjell", *names)
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        brand = brands.by_name(connection, "Nordfjell")
    assert done.out.strip() == brand.brand_id
    assert (brand.aliases, brand.gtin_prefixes) == (("Нордфьелл", "ノルドフィエル"), ("7038010",))


def test_an_enrolment_names_its_manager_and_authorised_sellers_and_can_be_changed(home: Path) -> None:
    manager = ["--account-manager", "lena@touchstone.example"]
    first = touchstone_in(home, "brand", "enrol", "Solenne", *manager, "--authorise", "maison-s", "--takes-part")
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        marketplace_id = marketplaces.by_name(connection, None).marketplace_id
        brand_id = brands.by_name(connection, "Solenne").brand_id
        assert brands.enrolments(connection, marketplace_id)[brand_id].takes_part
        (authorisation,) = authorised_sellers.authorisations(connection, marketplace_id, ["maison-s"])["maison-s"]
        assert authorisation.brand_id == brand_id
    touchstone_in(home, "brand", "enrol", "Solenne", *manager, "--no-takes-part")
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        assert not brands.enrolments(connection, marketplace_id)[brand_id].takes_part
    assert first.out == "Solenne is enrolled.\n"


def test_a_key_opens_what_its_scopes_say_and_nothing_else(home: Path) -> None:
    done = touchstone_in(home, "key", "add", "nightly", "--scope", "score")
    with runtime_of(home) as runtime:
        header = f"Bearer {done.out.strip()}"
        assert key_of_header(runtime, header, Scope.SCORE).key.scopes == {Scope.SCORE}
        with pytest.raises(Forbidden):
            key_of_header(runtime, header, Scope.INTAKE)


def test_keys_are_listed_with_what_they_may_and_until_when_and_without_their_secret(home: Path) -> None:
    shown = touchstone_in(home, "key", "add", "nightly", "--scope", "score", "--scope", "intake").out.strip()
    line, _of_the_home = touchstone_in(home, "key", "list").out.splitlines()
    _, key_id, secret = shown.split(".")
    assert line.startswith(f"{key_id}  nightly: intake, score; valid until 20")
    assert line.endswith("never used")
    assert secret not in line


def test_the_version_is_that_of_the_package(home: Path) -> None:
    assert touchstone_in(home, "--version").out == f"touchstone {version('touchstone')}\n"


def test_a_webhook_s_secret_signs_as_the_standard_says(home: Path) -> None:
    done = touchstone_in(home, "webhook", "add", "https://bazaar.example/hooks")
    assert done.out.startswith("whsec_")
    assert len(Webhook(done.out.strip())._whsecret) >= 24  # the length that Standard Webhooks asks for


WEI = ["--by", "wei@touchstone.example"]
REFUSALS = [
    (["marketplace", "add", "Bazaar"], "There is a marketplace named Bazaar already.", "the name is taken"),
    (["marketplace", "add", " "], "A marketplace has a name of at most 200 characters.", "no name"),
    (["marketplace", "add", "B", "--currency", "eur"], "must be a currency code of ISO 4217", "small letters"),
    (["marketplace", "add", "B\udcff"], "surrogates not allowed", "a name that is no text"),
    (["person", "add", "ada", "--name", "A", "--role", "analyst"], "not an e-mail address", "no address"),
    (["person", "add", "a@b.example", "--name", "A", "--role", "king"], "king is none of analyst, brand", "no role"),
    (
        ["person", "add", "ines@touchstone.example", "--name", "I", "--role", "analyst"],
        "There is an account for ines@touchstone.example already.",
        "the address is taken",
    ),
    (["person", "add", "a@b.example", "--name", "A", "--role", "brand"], "names their brand", "a brand's, of no brand"),
    (
        ["person", "add", "a@b.example", "--name", "A", "--role", "analyst", "--brand", "Aurelle"],
        "nobody else names one",
        "an analyst of a brand",
    ),
    (
        ["person", "add", "a@b.example", "--name", "A", "--role", "brand", "--brand", "Lumo"],
        "There is no brand named Lumo.",
        "a brand that is not registered",
    ),
    (["brand", "add", "Aurelle"], "There is a brand named Aurelle already.", "registered already"),
    (["brand", "add", ""], "A brand has a name", "no name"),
    (["brand", "enrol", "Lumo", "--account-manager", "lena@touchstone.example"], "no brand named Lumo", "unknown"),
    (
        ["brand", "enrol", "Aurelle", "--account-manager", "x@y.example"],
        "There is no account for x@y.example.",
        "nobody has the address",
    ),
    (
        ["key", "add", "k", "--scope", "swim"],
        "swim is none of intake, score, endpoints, backfill, clock, train.",
        "a scope that is none",
    ),
    (
        ["key", "add", "k", "--scope", "score", "--marketplace", "Souk"],
        "Name one marketplace; known are: Bazaar.",
        "another marketplace",
    ),
    (["webhook", "add", "http://bazaar.example/x"], "must begin with https://", "not encrypted"),
    (["figures", "--marketplace", "Souk"], "Name one marketplace; known are: Bazaar.", "another marketplace"),
    (["quarantine", "--most", "0"], "greater than or equal to 1", "none to show"),
    (["promote"], "2 different people approve a promotion. Say who you are with --by", "nobody is named"),
    (["promote", *WEI], "There is no challenger; retrain first.", "no model"),
    (["promote", "f00d", *WEI], "There is no such model.", "a model that is none"),
    (["promote", "--by", "x@y.example"], "There is no account for x@y.example.", "a person who is none"),
    (
        ["promote", "--by", "ines@touchstone.example"],
        "The role of ines@touchstone.example does not include this.",
        "an analyst",
    ),
    (["rollback"], "There is no earlier champion to go back to.", "no champion"),
    (["train", "--data", "x.csv"], "--data needs --format and --out.", "half of what it takes"),
    (["train", "--dask", "tcp://x:1"], "a service trains on its own machine", "a cluster without a file"),
    (["worker", "--id", "2"], "A worker of its own needs PostgreSQL", "a worker beside SQLite"),
    (["nonsense"], "No such command 'nonsense'", "no command"),
]


@pytest.mark.parametrize(("arguments", "sentence", "_why"), REFUSALS)
def test_a_refusal_is_a_sentence_and_changes_nothing(
    shared_home: Path, arguments: list[str], sentence: str, _why: str
) -> None:
    before = _rows(shared_home)
    done = touchstone_in(shared_home, *arguments)
    assert (done.code, done.out) == (REFUSED, "")
    assert sentence in done.text
    assert "Traceback" not in done.err
    assert _rows(shared_home) == before


def _rows(home: Path) -> dict[str, int]:
    """The number of rows of each table, that of the audit log included."""
    with closing(sqlite3.connect(home / "touchstone.sqlite")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def test_where_there_are_several_marketplaces_one_is_named(home: Path) -> None:
    touchstone_in(home, "marketplace", "add", "Souk")
    assert touchstone_in(home, "figures").text == "Name one marketplace; known are: Bazaar, Souk."
    assert touchstone_in(home, "figures", "--marketplace", "Souk").code == 0


def test_a_training_without_mature_labels_fails_in_a_sentence(home: Path) -> None:
    done = touchstone_in(home, "train")
    assert (done.code, done.text) == (1, "No label is mature yet, so there is nothing to learn from.")


# The audit log.

TAMPERED = [
    ("UPDATE audit_payload SET payload = '{}' WHERE sequence = 3", 3, "its payload was altered", "what was done"),
    ("UPDATE audit_entry SET actor = 'nobody' WHERE sequence = 4", 4, "it was altered", "who did it"),
    ("UPDATE audit_entry SET occurred_at = '2026-03-01T00:00:00.000000Z' WHERE sequence = 4", 4, "altered", "when"),
    (
        "UPDATE audit_entry SET occurred_at = 'noon' WHERE sequence = 4",
        4,
        "a value that no entry can have",
        "a time that is none",
    ),
    ("DELETE FROM audit_entry WHERE sequence = 5", 5, "missing or out of order", "one entry is gone"),
    ("DELETE FROM audit_entry WHERE sequence > 6", 7, "the log ends at 6", "the end is gone"),
    ("DELETE FROM audit_entry", 1, "the log ends at 0", "all of it is gone"),
    ("UPDATE audit_entry SET sequence = -3 WHERE sequence = 3", 1, "missing or out of order", "an entry is moved"),
]


def test_a_whole_log_is_unbroken(home: Path) -> None:
    assert touchstone_in(home, "audit", "verify").out.endswith(" entries, unbroken.\n")


@pytest.mark.parametrize(("statement", "entry_number", "problem", "_why"), TAMPERED)
def test_a_log_that_was_tampered_with_is_found_out(
    home: Path, statement: str, entry_number: int, problem: str, _why: str
) -> None:
    database = sqlite3.connect(home / "touchstone.sqlite")
    with database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        assert database.execute(statement).rowcount > 0
    database.close()
    done = touchstone_in(home, "audit", "verify")
    assert (done.code, done.out) == (1, "")
    assert done.text.startswith(f"Entry {entry_number}: ")
    assert problem in done.text


# Figures and quarantine.


def test_figures_are_json_that_adds_up(home: Path) -> None:
    rows = [a_row(external_id="MP-1"), a_suspect_row(), a_row(external_id="MP-2", price="-1")]
    touchstone_in(home, "import", str(write_ndjson(home / "a.ndjson", rows)), "--format", "native")
    figures = json.loads(touchstone_in(home, "figures").out)
    assert (figures["listings"], figures["quarantined"], figures["scored"]) == (2, 1, 2)
    assert sum(figures["routes"].values()) == figures["scored"]
    assert figures["open_cases"]["analyst"] == figures["routes"]["analyst"] == 1


def test_an_empty_quarantine_is_reported(home: Path) -> None:
    assert touchstone_in(home, "quarantine").out == "Nothing is in quarantine.\n"


def test_quarantine_shows_the_latest_refusals_with_source_and_reason(home: Path) -> None:
    rows = [a_row(external_id=f"MP-{i}", price="-1") for i in range(3)]
    touchstone_in(home, "import", str(write_ndjson(home / "a.ndjson", rows)), "--format", "native")
    lines = touchstone_in(home, "quarantine", "--most", "2").out.splitlines()
    assert len(lines) == 2
    assert lines[0].split(maxsplit=3)[3] == "import a.ndjson row 3  negative         price: price is below zero."


# A file of people: all are added or nobody, and each mistake is named by its line.

HEAD = "email,name,role,brand,leads\n"
TEAM = (
    "ada@b.example,Ada Roth,analyst,,\nbo@b.example,Bo Lind,data_scientist,,\ncy@a.example,Cy Dahl,brand,Aurelle,yes\n"
)


def people_file(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text, "utf-8")
    return path


def numbers(home: Path) -> list[int]:
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        tables = (account, role_grant, account_origin)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_a_team_of_three_is_three_independent_people_who_sign_in(home: Path, tmp_path: Path) -> None:
    done = touchstone_in(home, "person", "add", "--file", str(people_file(tmp_path, "\ufeff" + HEAD + TEAM)))
    shown = dict(line.split() for line in done.out.splitlines())
    assert (done.code, list(shown)) == (0, ["ada@b.example", "bo@b.example", "cy@a.example"])
    with runtime_of(home) as runtime:
        people = [
            auth.session_of(runtime, auth.sign_in(runtime, email, password).token).person
            for email, password in shown.items()
        ]
        with runtime.store.read() as connection:
            roots = origins.roots(connection)
    assert [roots[person.user_id] for person in people] == [{person.user_id} for person in people]
    assert [(grant.role, grant.leads) for person in people for grant in person.grants] == [
        (Role.ANALYST, False),
        (Role.DATA_SCIENTIST, False),
        (Role.BRAND, True),
    ]


PEOPLE_FILE_REFUSALS: list[tuple[str, list[str], str]] = [
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


@pytest.mark.parametrize(("text", "lines", "_why"), PEOPLE_FILE_REFUSALS)
def test_a_file_with_a_mistake_adds_nobody(home: Path, tmp_path: Path, text: str, lines: list[str], _why: str) -> None:
    before = numbers(home)
    done = touchstone_in(home, "person", "add", "--file", str(people_file(tmp_path, text)))
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
    for unreadable in (path, tmp_path / "none.csv"):
        with pytest.raises(Invalid, match="cannot be read"):
            people_of(unreadable)


def test_the_owner_founds_an_invited_account_again(home: Path) -> None:
    assert "/reset/" in touchstone_in(home, "person", "reset", "ines@touchstone.example", "--root").out
    with runtime_of(home) as runtime, runtime.store.read() as connection:
        assert accounts.user_id_by_email(connection, "ines@touchstone.example") in origins.roots(connection)


def test_a_reporter_is_registered_listed_and_its_key_ended(home: Path) -> None:
    done = touchstone_in(
        home, "reporter", "add", "Customs Watch", "--email", "customs@watch.example", "--kind", "trusted_flagger"
    )
    reporter_id, key = done.out.split()
    assert key.startswith(f"tsr.{reporter_id}.")
    listed = touchstone_in(home, "reporter", "list").out
    assert f"{reporter_id}  trusted flagger  Customs Watch <customs@watch.example>" in listed
    assert "No notice was decided in 365 days." in listed
    refused = touchstone_in(home, "reporter", "mute", reporter_id, "--reason", "x")
    assert refused.code == REFUSED
    assert "Nobody is muted without a warning before" in refused.text
    assert touchstone_in(home, "reporter", "unmute", reporter_id, "--reason", "x").code == REFUSED
    assert touchstone_in(home, "reporter", "revoke", reporter_id).out == f"The key of {reporter_id} is revoked.\n"


def test_a_kind_that_is_none_is_refused(home: Path) -> None:
    done = touchstone_in(home, "reporter", "add", "Watch", "--email", "a@b.example", "--kind", "friend")
    assert done.code == REFUSED
    assert "friend is none of" in done.text


def test_an_erasure_of_a_reporter_is_shown_before_it_is_done(site: Site, tmp_path: Path) -> None:
    a_listing(site)
    notify(site, "MP-1")
    site.runtime.close()
    home = tmp_path / "home"
    assert touchstone_in(home, "reporter", "list").out.count(EMAIL) == 1
    shown = touchstone_in(home, "erase", "reporter", EMAIL).out
    assert "Would be erased: name, address, and what was written in 1 notices." in shown
    assert "is still open" in shown
    assert "Nothing was erased. Run it again with --yes." in shown
    assert "is still open" in touchstone_in(home, "erase", "reporter", EMAIL, "--yes").out
    assert touchstone_in(home, "erase", "reporter", "nobody@example.org").code == REFUSED
