"""`touchstone train --data`, `score` and `evaluate` on a small made-up market."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from models.bundle import MANIFEST, from_files
from serving.composition import open_runtime
from serving.listings.service.intake import receive_rows
from serving.marketplaces.store import marketplaces
from serving.platform.settings import Settings
from tests.fixtures.clusters import a_cluster
from tests.fixtures.fitting import fit_in_this_process, small_forests
from tests.fixtures.labelled import labelled_file, labelled_rows, write_csv, write_ndjson
from tests.fixtures.runtimes import a_row, a_suspect_row
from tests.fixtures.scorers import bundle_files
from tests.serving.commands.commands import REFUSED, CommandResult, touchstone_in
from training.bundle_folder import ABOUT, read_bundle_folder, write_bundle_folder
from training.evaluate.baselines import NAMES


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a labelled file, a bundle trained on it, and an empty data directory."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "home").mkdir()
    path = labelled_file(folder / "market.ndjson")
    done = touchstone_in(
        folder / "home", "train", "--data", str(path), "--format", "native", "--out", str(folder / "b"), "--no-register"
    )
    assert done.code == 0, done
    assert done.out == f"Bundle {from_files(read_bundle_folder(folder / 'b')).digest} in {folder / 'b'}\n"
    return folder


def score(place: Path, path: Path, out: Path) -> list[dict[str, Any]]:
    arguments = ["score", str(path), "--format", "native", "--bundle", str(place / "b"), "--out", str(out)]
    done = touchstone_in(place / "home", *arguments)
    assert done.code == 0, done
    rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    assert done.out.startswith(f"{len(rows):,} rows scored with ")
    return rows


def test_the_documents_of_a_bundle_lie_beside_it(place: Path) -> None:
    about = json.loads((place / "b" / ABOUT).read_bytes())
    assert (about["report"]["rows"], about["report"]["format"]) == (120, "native")
    assert about["trained_at"]


def test_a_scored_file_has_a_row_for_each_row_in_its_order(place: Path, tmp_path: Path) -> None:
    rows = score(place, place / "market.ndjson", tmp_path / "scores.parquet")
    assert [row["row"] for row in rows] == list(range(1, 121))
    assert [row["listing_id"] for row in rows] == [row["external_id"] for row, _ in labelled_rows(120)]
    assert all(0 < row["probability"] < 1 and row["reasons"] for row in rows)


FILES: list[tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = [
    (lambda row: {"title": row["title"]}, "a title and nothing else"),
    (lambda row: {"external_id": row["external_id"], "price": row["price"], "currency": "EUR"}, "a price alone"),
    (lambda row: {"title": row["title"], "colour": "grey", "": "x", "title_2": "y"}, "columns that nobody knows"),
    (lambda row: {**{k: v for k, v in row.items() if k != "seller"}, "seller.age_days": 5}, "dotted names"),
]


@pytest.mark.parametrize(("shape", "_why"), FILES)
def test_a_file_with_other_columns_than_the_training_s_is_scored(
    place: Path, tmp_path: Path, shape: Callable[[dict[str, Any]], dict[str, Any]], _why: str
) -> None:
    path = write_csv(tmp_path / "a.csv", [shape(dict(row)) for row, _ in labelled_rows(10)])
    rows = score(place, path, tmp_path / "scores.parquet")
    assert len(rows) == 10
    assert all(row["probability"] is not None for row in rows)


def test_an_evaluation_prints_the_model_beside_baselines_and_writes_all_figures(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_in_this_process(monkeypatch)
    small_forests(monkeypatch)
    rows = [{**row, "label": label} for row, label in labelled_rows(80)]
    rows += [{"external_id": "x", "title": "Bag"}, {"external_id": "y", "title": "Bag", "label": 7}]
    path, out = write_ndjson(tmp_path / "a.ndjson", rows), tmp_path / "figures.json"
    done = touchstone_in(
        place / "home",
        *("evaluate", str(path), "--format", "native", "--repeats", "1", "--json", str(out)),
        *("--without", "seller", "--without", "price_log"),
    )
    assert done.code == 0, done
    assert "Left out: 1 refused rows, 1 without a label." in done.err
    shown = " ".join(done.out.split())
    assert "80 rows, " in shown
    named = ("model", "forest alone", "text alone", "numbers", "char text", "field text", "best signal", "better in")
    assert all(name in shown for name in named)
    for peer in ("rank average", "fair peer", "the model without these features"):
        assert f"Model less {peer}:" in shown
    assert "times as much" in shown
    assert "One repeat says nothing of chance" in shown
    figures = json.loads(out.read_text())
    assert (figures["file"], figures["format"], figures["rows"], figures["repeats"]) == ("a.ndjson", "native", 80, 1)
    assert set(figures["parts"]) == {"without_points", "forest_alone", "text_alone", "without"}
    assert {"price_log", "seller_age"} <= set(figures["without"])
    assert "price_to_category" not in figures["without"]
    assert set(figures["baselines"]) == set(NAMES)
    assert f"{figures['model']['ap']:.3f}" in shown


def test_an_evaluation_without_an_unknown_feature_is_refused(place: Path, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [row for row, _ in labelled_rows(10)])
    done = touchstone_in(place / "home", "evaluate", str(path), "--format", "native", "--without", "colour")
    assert (done.code, done.out) == (REFUSED, "")
    assert "no feature or family colour. The families are price, item, seller, brand, text," in " ".join(
        done.err.replace("│", " ").split()
    )


# Unusable input: code 2, one sentence, nothing written.


def nothing(_folder: Path) -> None:
    return


def write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def unreadable(folder: Path) -> None:
    (folder / "a.csv").symlink_to("/proc/self/mem")  # Reading it fails for root too.


HEADER = b"external_id,title,label\n"
UNUSABLE: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("a.csv", nothing, "there is no such file.", "no such file"),
    ("a.csv", lambda folder: (folder / "a.csv").mkdir(), "there is no such file.", "a folder"),
    ("a.csv", unreadable, "a.csv: the file cannot be read: Input/output error.", "a file that cannot be read"),
    ("x" * 300 + ".csv", nothing, "the file cannot be read: File name too long.", "a name too long for a file"),
    ("a.xlsx", write("a.xlsx", b"PK"), "a.xlsx: the name must end in .csv", "a kind that is not read"),
    ("a.csv", write("a.csv", b""), "a.csv: the file is empty.", "an empty file"),
    ("a.csv", write("a.csv", b"one,two\n1,2\n"), "The file has none of the columns", "another format's columns"),
    ("a.parquet", write("a.parquet", b"PAR1"), "not a readable Parquet file", "Parquet cut short"),
    ("a.xml", write("a.xml", b"<rss><item>"), "not well-formed XML", "XML cut short"),
]
UNLABELLED: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("a.csv", write("a.csv", HEADER), "a.csv: no row has a label.", "no rows"),
    ("a.csv", write("a.csv", HEADER + b"1,Bag,\n"), "a.csv: no row has a label.", "no labels"),
    ("a.csv", write("a.csv", HEADER + b"1,Bag,yes\n"), "a.csv: no row has a label.", "labels of another kind"),
    ("a.csv", write("a.csv", HEADER + b"1,Bag,1\n2,Bag,1\n"), "folds by seller need at least", "labels of one kind"),
    ("a.csv", write("a.csv", HEADER + b"1,Bag,1\n2,Bag,0\n"), "folds by seller need at least", "two rows"),
]
COMMANDS: dict[str, list[str]] = {
    "train": ["train", "--no-register", "--out", "OUT", "--data", "FILE"],
    "evaluate": ["evaluate", "--json", "OUT", "FILE"],
    "score": ["score", "--bundle", "BUNDLE", "--out", "OUT", "FILE"],
}
CASES = [(command, *row) for command in COMMANDS for row in UNUSABLE + ([] if command == "score" else UNLABELLED)]


@pytest.mark.parametrize(
    ("command", "name", "make", "sentence", "_why"), CASES, ids=[f"{row[0]}: {row[-1]}" for row in CASES]
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
    place: Path, tmp_path: Path, command: str, name: str, make: Callable[[Path], object], sentence: str, _why: str
) -> None:
    make(tmp_path)
    named = {"FILE": str(tmp_path / name), "OUT": str(tmp_path / "out"), "BUNDLE": str(place / "b")}
    arguments = [named.get(word, word) for word in COMMANDS[command]]
    done = touchstone_in(place / "home", *arguments, "--format", "native")
    assert (done.code, done.out) == (REFUSED, "")
    assert sentence in done.text
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_format_is_refused_with_those_there_are(place: Path, tmp_path: Path, command: str) -> None:
    named = {"FILE": str(place / "market.ndjson"), "OUT": str(tmp_path / "out"), "BUNDLE": str(place / "b")}
    arguments = [named.get(word, word) for word in COMMANDS[command]]
    done = touchstone_in(place / "home", *arguments, "--format", "martian")
    assert (done.code, done.out) == (REFUSED, "")
    assert "martian is none of native, merchant-feed, ozon-ecup, vestiaire, wish, ebay" in done.text


NO_PLACES = ["missing/out", "taken"]


@pytest.mark.parametrize("where", NO_PLACES)
@pytest.mark.parametrize("command", ["evaluate", "score"])
def test_a_place_where_no_file_can_be_written_is_refused_before_the_work(
    place: Path, tmp_path: Path, command: str, where: str
) -> None:
    """The input does not exist, and the refusal still names the output: it is checked first."""
    (tmp_path / "taken").mkdir()
    named = {"FILE": str(tmp_path / "none.csv"), "OUT": str(tmp_path / where), "BUNDLE": str(place / "b")}
    arguments = [named.get(word, word) for word in COMMANDS[command]]
    done = touchstone_in(place / "home", *arguments, "--format", "native")
    assert done.code == REFUSED
    assert f"{tmp_path / where}: no file can be written there." in done.text


def test_a_folder_of_something_else_is_never_replaced_by_a_bundle(place: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear")
    file = str(place / "market.ndjson")
    for out in (tmp_path / "letters", tmp_path / "letters" / "dear.txt"):
        done = touchstone_in(
            place / "home", "train", "--data", file, "--format", "native", "--out", str(out), "--no-register"
        )
        assert done.code == REFUSED
        assert f"{out} is not a bundle and is not overwritten; name a new folder." in done.text
    assert (tmp_path / "letters" / "dear.txt").read_text() == "Dear"


def test_a_bundle_is_replaced_by_the_next_training_on_a_cluster(place: Path, tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "b", bundle_files(), {})
    file, out = str(place / "market.ndjson"), str(tmp_path / "b")
    with a_cluster() as cluster:
        arguments = ["--no-register", "--dask", cluster.scheduler_address]
        done = touchstone_in(place / "home", "train", "--data", file, "--format", "native", "--out", out, *arguments)
    assert done.code == 0, done
    assert read_bundle_folder(tmp_path / "b") == read_bundle_folder(place / "b")


BUNDLES: list[tuple[Callable[[Path], object], str, str]] = [
    (shutil.rmtree, "holds no manifest.json.", "no folder"),
    (lambda folder: (folder / MANIFEST).unlink(), "holds no manifest.json.", "no manifest"),
    (lambda folder: (folder / MANIFEST).write_text("{"), "The manifest is damaged.", "half a manifest"),
    (lambda folder: (folder / "forest.txt").unlink(), "The bundle has no forest.txt.", "no forest"),
    (lambda folder: (folder / "model.json").write_text("{}"), "model.json is not the file", "another file"),
]


@pytest.mark.parametrize(("damage", "sentence", "_why"), BUNDLES)
def test_a_damaged_bundle_scores_nothing(
    place: Path, tmp_path: Path, damage: Callable[[Path], object], sentence: str, _why: str
) -> None:
    shutil.copytree(place / "b", tmp_path / "b")
    damage(tmp_path / "b")
    arguments = ["--format", "native", "--bundle", str(tmp_path / "b"), "--out", str(tmp_path / "out")]
    done = touchstone_in(place / "home", "score", str(place / "market.ndjson"), *arguments)
    assert (done.code, done.out) == (REFUSED, "")
    assert sentence in done.text
    assert not (tmp_path / "out").exists()


# `touchstone scored`, with and without the history of a service.


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    return tmp_path / "bundle"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_ndjson(tmp_path / "rows.ndjson", [a_row(), a_suspect_row(external_id="MP-10"), a_row(price="-1")])


def run_score(home: Path, file: Path, bundle: Path, *wishes: str) -> CommandResult:
    out = str(file.with_name("scores.parquet"))
    return touchstone_in(home, "score", str(file), "--format", "native", "--bundle", str(bundle), "--out", out, *wishes)


def scores(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(file.with_name("scores.parquet")).to_pylist()
    return rows


def test_a_file_is_scored_with_reasons_and_without(empty_home: Path, file: Path, bundle: Path) -> None:
    done = run_score(empty_home, file, bundle)
    assert done.code == 0, done
    assert done.out.startswith("3 rows scored with ")
    with_reasons = scores(file)
    assert all(row["reasons"] for row in with_reasons)
    assert run_score(empty_home, file, bundle, "--no-reasons").code == 0
    assert [row["reasons"] for row in scores(file)] == [[], [], ["price is below zero."]]
    assert [row["probability"] for row in scores(file)] == [row["probability"] for row in with_reasons]


def test_the_history_of_a_data_directory_changes_scores(home: Path, file: Path, bundle: Path) -> None:
    assert run_score(home, file, bundle).code == 0
    without = [row["probability"] for row in scores(file)]
    assert run_score(home, file, bundle, "--history", str(home)).code == 0
    unknown = [row["probability"] for row in scores(file)]
    runtime = open_runtime(Settings(home=home), migrated=True)
    with runtime.store.read() as connection:
        (marketplace,) = marketplaces.all_marketplaces(connection)
    receive_rows(
        runtime, marketplace, [a_suspect_row(external_id=f"MP-{n}", price="1.00") for n in range(20)], source="x"
    )
    runtime.close()
    assert run_score(home, file, bundle, "--history", f"sqlite:///{home / 'touchstone.sqlite'}").code == 0
    known = [row["probability"] for row in scores(file)]
    assert without != unknown != known
    assert known[1] != unknown[1]


def test_a_history_that_is_none_is_refused(tmp_path: Path, empty_home: Path, file: Path, bundle: Path) -> None:
    missing = run_score(empty_home, file, bundle, "--history", str(tmp_path / "nowhere"))
    assert (missing.code, (tmp_path / "nowhere").exists()) == (REFUSED, False)
    assert "no database at" in missing.text
    nobody = run_score(empty_home, file, bundle, "--history", str(empty_home))
    assert nobody.code != 0
    assert "Name one marketplace; known are: none." in nobody.text


def test_a_history_is_of_one_marketplace(home: Path, file: Path, bundle: Path) -> None:
    assert touchstone_in(home, "marketplace", "add", "Elsewhere").code == 0
    several = run_score(home, file, bundle, "--history", str(home))
    assert several.code != 0
    assert "Elsewhere" in several.text
    assert run_score(home, file, bundle, "--history", str(home), "--marketplace", "Elsewhere").code == 0


def test_a_database_of_another_version_is_refused(home: Path, file: Path, bundle: Path) -> None:
    from serving.platform.database.engine import sqlite_driver  # noqa: PLC0415  # only here

    other = sqlite_driver().connect(home / "touchstone.sqlite")
    other.execute("UPDATE alembic_version SET version_num = 'r0000'")
    other.commit()
    other.close()
    done = run_score(home, file, bundle, "--history", str(home))
    assert done.code != 0
    assert "does not have the schema of this version" in done.text


def test_a_cluster_that_is_not_there_is_named(empty_home: Path, file: Path, bundle: Path) -> None:
    done = run_score(empty_home, file, bundle, "--dask", "tls://nothing")
    assert done.code == REFUSED
    assert "There is no Dask scheduler at tls://nothing (missing port number in address 'nothing')." in done.err


def test_a_cluster_gives_the_scores_of_this_machine(empty_home: Path, file: Path, bundle: Path) -> None:
    assert run_score(empty_home, file, bundle).code == 0
    local_scores = scores(file)
    file.with_name("scores.parquet").unlink()
    with a_cluster() as cluster:
        assert run_score(empty_home, file, bundle, "--dask", cluster.scheduler_address).code == 0
    assert scores(file) == local_scores
