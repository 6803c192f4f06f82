"""`touchstone thresholds` as a command: files, output, JSON, and refusals."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.serving.commands.commands import REFUSED, touchstone_in

COLUMNS = ("--score", "p", "--label", "y", "--group", "shop")
# 108 of 120 sellers are right where the rule asks for 88.7, and a hundred more are genuine.
CLEAR = "p,y,shop\n" + "".join(
    [f"0.9,1,a{number}\n" for number in range(108)]
    + [f"0.9,0,b{number}\n" for number in range(12)]
    + [f"0.1,0,c{number}\n" for number in range(100)]
)
KEYS = {
    "decision", "threshold", "precision_bound", "recall", "listings", "sellers", "needed_sellers",
    "observed_precision", "flagged_listings", "flagged_sellers", "seller_precision", "seller_precision_bound",
    "reason", "method", "policy", "score", "precision", "confidence",
}  # fmt: skip


def test_a_promise_is_written_and_printed(home: Path, tmp_path: Path) -> None:
    file, answer = tmp_path / "scores.csv", tmp_path / "answer.json"
    file.write_text(CLEAR, encoding="utf-8")
    done = touchstone_in(home, "thresholds", str(file), *COLUMNS, "--json", str(answer))
    assert done.code == 0, done.err
    figures = json.loads(answer.read_text(encoding="utf-8"))
    assert set(figures) == KEYS
    assert figures["decision"] == "promise"
    assert (figures["threshold"], figures["recall"], figures["needed_sellers"]) == (0.9, 1.0, 0)
    assert (figures["listings"], figures["sellers"], figures["flagged_sellers"]) == (220, 220, 120)
    assert 0.8 <= figures["precision_bound"] < figures["observed_precision"] == 0.9
    assert "Judged: 220 listings of 220 sellers." in done.out
    assert "Promised: a precision of 0.8 in 0.9 of equally large sets of unseen sellers." in done.out
    assert "flag from this score on, inclusive" in done.out


def test_declining_is_an_answer(home: Path, tmp_path: Path) -> None:
    file, answer = tmp_path / "scores.csv", tmp_path / "answer.json"
    file.write_text(CLEAR, encoding="utf-8")
    done = touchstone_in(home, "thresholds", str(file), *COLUMNS, "--precision", "0.9", "--json", str(answer))
    assert done.code == 0, done.err
    figures = json.loads(answer.read_text(encoding="utf-8"))
    assert set(figures) == KEYS
    assert (figures["decision"], figures["threshold"], figures["precision_bound"], figures["recall"]) == (
        "decline",
        None,
        None,
        None,
    )
    assert "Declined: no threshold can promise a precision of 0.9" in done.out
    assert figures["reason"] in " ".join(done.out.split())


def test_a_parquet_file_with_numbered_sellers_gives_the_same_answer(home: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in CLEAR.splitlines()[1:]]
    names = sorted({shop for _, _, shop in rows})
    table = {
        "p": [float(score) for score, _, _ in rows],
        "y": [int(label) for _, label, _ in rows],
        "shop": [names.index(shop) for _, _, shop in rows],
    }
    pq.write_table(pa.table(table), tmp_path / "scores.parquet")
    (tmp_path / "scores.csv").write_text(CLEAR, encoding="utf-8")
    answers = []
    for name in ("scores.csv", "scores.parquet"):
        touchstone_in(home, "thresholds", str(tmp_path / name), *COLUMNS, "--json", str(tmp_path / "answer.json"))
        answers.append(json.loads((tmp_path / "answer.json").read_text(encoding="utf-8")))
    assert answers[0] == answers[1]


WORK = "p,y,shop,brand,views\n0.9,1,a,Aurelle,1\n0.8,0,b,Aurelle,100\n0.7,1,c,Aurelle,10\n0.6,0,d,Kestrel,5\n"
DAY = [
    ((), {"all": {"threshold": 0.9, "daily": 1.0}}, "one team"),
    (("--days", "2"), {"all": {"threshold": 0.8, "daily": 1.0}}, "two days' listings"),
    (
        ("--team", "brand"),
        {"Aurelle": {"threshold": 0.9, "daily": 1.0}, "Kestrel": {"threshold": 0.6, "daily": 1.0}},
        "a team a brand",
    ),
    (("--exposure", "views"), {"all": {"threshold": 80.0, "daily": 1.0}}, "by what may be prevented"),
    (("--risk", "views"), {"all": {"threshold": 80.0, "daily": 1.0}}, "by the risk alone"),
]


@pytest.mark.parametrize(("options", "expected", "_why"), DAY)
def test_a_day_s_reviews_are_spent_from_the_top(
    home: Path, tmp_path: Path, options: tuple[str, ...], expected: dict[str, object], _why: str
) -> None:
    file, answer = tmp_path / "scores.csv", tmp_path / "answer.json"
    file.write_text(WORK, encoding="utf-8")
    done = touchstone_in(home, "thresholds", str(file), *COLUMNS, "--capacity", "1", *options, "--json", str(answer))
    assert done.code == 0, done.err
    assert json.loads(answer.read_text(encoding="utf-8"))["workload"] == expected
    assert (
        "At most 1 reviews a day and team, by "
        + ("expected harm" if set(options) & {"--exposure", "--risk"} else "score")
        in done.out
    )


NO_WORK = [
    (WORK, ("--team", "nobody"), "there is no column 'nobody'.", "a column is missing"),
    (WORK, ("--exposure", "brand"), "row 1: column 'brand' is not a finite number.", "text for an exposure"),
    (WORK.replace("Kestrel", ""), ("--team", "brand"), "row 4: column 'brand' is not the name of a team.", "no team"),
    (WORK.replace("0.9", "1.9"), ("--exposure", "views"), "Expected harm needs probabilities", "no probability"),
    (WORK.replace("100", "-1"), ("--risk", "views"), "Neither exposure nor risk can be below zero.", "below zero"),
]


@pytest.mark.parametrize(("content", "options", "sentence", "_why"), NO_WORK)
def test_work_that_cannot_be_told_is_refused(
    home: Path, tmp_path: Path, content: str, options: tuple[str, str], sentence: str, _why: str
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(content, encoding="utf-8")
    done = touchstone_in(home, "thresholds", str(file), *COLUMNS, "--capacity", "1", *options)
    assert done.code == REFUSED
    assert sentence in done.text


UNUSABLE = [
    ("p,y\n0.9,1\n", "scores.csv: there is no column 'shop'.", "a column is missing"),
    ("p,y,shop\n", "scores.csv: there are no rows.", "no rows"),
    ("", "scores.csv: the file is empty.", "no header"),
    ("p,y,shop\n0.9,1,a\n0.8,1,b\n", "scores.csv: all labels are 1; listings of both kinds are needed.", "one class"),
    ("p,y,shop\n0.9,1,a\n0.8,0,a\n", "scores.csv: all listings are of one seller; nothing can be", "one seller"),
    ("p,y,shop\nnan,1,a\n0.8,0,b\n", "scores.csv, row 1: column 'p' is not a finite number.", "a score that is NaN"),
    ("p,y,shop\n0.9,1,a\ninf,0,b\n", "scores.csv, row 2: column 'p' is not a finite number.", "an infinite score"),
    ("p,y,shop\n,1,a\n0.8,0,b\n", "scores.csv, row 1: column 'p' is not a finite number.", "a score left out"),
    ("p,y,shop\nhigh,1,a\n0.8,0,b\n", "scores.csv, row 1: column 'p' is not a finite number.", "text for a score"),
    ("p,y,shop\n0.9,2,a\n0.8,0,b\n", "scores.csv, row 1: column 'y' is not 0 or 1.", "a third label"),
    ("p,y,shop\n0.9,yes,a\n0.8,0,b\n", "scores.csv, row 1: column 'y' is not 0 or 1.", "text for a label"),
    ("p,y,shop\n0.9,,a\n0.8,0,b\n", "scores.csv, row 1: column 'y' is not 0 or 1.", "no label"),
    ("p,y,shop\n0.9,1,\n0.8,0,b\n", "scores.csv, row 1: column 'shop' is not the name of a seller.", "no seller"),
    ("p,y,shop\n0.9,1,a,b\n", "scores.csv, row 1: The row has more cells than", "a ragged row"),
]


@pytest.mark.parametrize(("content", "sentence", "_why"), UNUSABLE)
def test_an_unusable_file_is_refused_in_one_sentence(
    home: Path, tmp_path: Path, content: str, sentence: str, _why: str
) -> None:
    file, answer = tmp_path / "scores.csv", tmp_path / "answer.json"
    file.write_text(content, encoding="utf-8")
    done = touchstone_in(home, "thresholds", str(file), *COLUMNS, "--json", str(answer))
    assert done.code == REFUSED
    assert sentence in done.text
    assert len(done.err.strip().splitlines()) == 1
    assert not answer.exists()


WRONG = [
    (("--precision", "1"), "must lie between 0 and 1", "certainty"),
    (("--precision", "nan"), "must lie between 0 and 1", "no number"),
    (("--confidence", "0.4"), "a wager, not a promise", "less than even"),
    (("--confidence", "1"), "must lie between 0.5 and 1", "no doubt at all"),
    (("--json", "nowhere/answer.json"), "no file can be written there", "a folder that is not there"),
]


@pytest.mark.parametrize(("options", "sentence", "_why"), WRONG)
def test_a_wish_that_cannot_be_met_is_refused(
    home: Path, tmp_path: Path, options: tuple[str, str], sentence: str, _why: str
) -> None:
    (tmp_path / "scores.csv").write_text(CLEAR, encoding="utf-8")
    done = touchstone_in(home, "thresholds", str(tmp_path / "scores.csv"), *COLUMNS, *options)
    assert done.code == REFUSED
    assert sentence in done.text
