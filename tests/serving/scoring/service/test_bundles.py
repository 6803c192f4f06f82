"""No damaged bundle comes into force: it is refused with a reason, and the champion stays."""

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from features.text_kernel import COLUMNS
from models import forest
from models.bundle import MANIFEST, SCHEMA, digest_of
from models.classifier import Join
from models.errors import BundleRefused
from models.flat_trees import flatten
from serving.composition import open_runtime
from serving.learning.service.champions import follow_champions
from serving.listings.service.intake import receive_rows
from serving.scoring.service import bundles
from serving.scoring.service.bundles import (
    BundleStore,
    ChampionMissing,
    LiveModels,
    pack_folder,
    try_in_child,
    unpack_archive,
)
from tests.fixtures.clients import a_client
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_row, copy_on_sqlite
from tests.fixtures.scorers import a_forest, bundle_files
from tests.models.test_bundle import resealed_files
from tests.serving.web.reports import a_report, add_model, put_champion_in_force
from tests.serving.web.visits import an_administrator, visit_as, words
from training.bundle_folder import ABOUT, write_bundle_folder

Files = dict[str, bytes]
NAMES = ("forest.txt", "text_weights.npy", "model.json", "references.json", "phrases.json")


def with_replaced_file(name: str, change: Callable[[bytes], bytes]) -> Callable[[], Files]:
    """A bundle with one file changed and the original manifest."""

    def replaced_files() -> Files:
        files = bundle_files()
        return {**files, name: change(files[name])}

    return replaced_files


def with_sealed_file(name: str, change: Callable[[bytes], bytes]) -> Callable[[], Files]:
    """A bundle with one file changed and a matching manifest."""
    return lambda: resealed_files(with_replaced_file(name, change)())


def without_file(name: str) -> Callable[[], Files]:
    return lambda: {key: content for key, content in bundle_files().items() if key != name}


def flip_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def a_pickled_array(_content: bytes) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.full(COLUMNS, None, dtype=object), allow_pickle=True)
    return stream.getvalue()


def swap_bytes(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def other_fingerprint(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "fingerprint": "0" * 64}).encode()


def with_nan(name: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps(
        {**json.loads(content), "thresholds": {**_THRESHOLDS, name: float("nan")}}
    ).encode()


_THRESHOLDS = {"ask_brand_from": 0.6, "analyst_from": 0.2}
DAMAGES: list[tuple[Callable[[], Files], str, str]] = [
    *(
        (
            with_replaced_file(name, lambda content: content[:-1]),
            f"{name} is not the file",
            f"{name} truncated by a byte",
        )
        for name in NAMES
    ),
    *((with_replaced_file(name, lambda _: b""), f"{name} is not the file", f"{name} empty") for name in NAMES),
    *((with_replaced_file(name, flip_bit), f"{name} is not the file", f"{name} with a bit flipped") for name in NAMES),
    *((without_file(name), f"The bundle has no {name}.", f"no {name}") for name in NAMES),
    (without_file(MANIFEST), "holds no manifest.json", "no manifest"),
    (
        with_replaced_file(MANIFEST, lambda content: content[:-1]),
        "The manifest is damaged.",
        "a manifest truncated by a byte",
    ),
    (with_replaced_file(MANIFEST, lambda _: b"{}"), "The manifest is damaged.", "an empty manifest"),
    (
        with_replaced_file(MANIFEST, swap_bytes(b'"model.json"', b'"model.jsom"')),
        "does not name the files",
        "a name misspelt",
    ),
    (
        with_replaced_file(MANIFEST, swap_bytes(f'"schema":{SCHEMA}'.encode(), b'"schema":999')),
        "has schema 999",
        "another schema",
    ),
    (with_replaced_file(MANIFEST, other_fingerprint), "was made for another feature set", "another feature set"),
]
SEALED: list[tuple[Callable[[], Files], str, str]] = [
    (with_sealed_file("text_weights.npy", a_pickled_array), "text_weights.npy is no array", "a pickled array"),
    (with_sealed_file("text_weights.npy", lambda _: pickle.dumps([1.0])), "text_weights.npy is no array", "a pickle"),
    (with_sealed_file("text_weights.npy", lambda content: content[:-4]), "finite numbers", "an array a number short"),
    (
        with_sealed_file("model.json", swap_bytes(b'"slope":1.7', b'"slope":NaN')),
        "ValueError",
        "NaN for the calibration",
    ),
    (
        with_sealed_file("model.json", swap_bytes(b'"slope":1.7', b'"slope":-1.7')),
        "ValueError",
        "a calibration that falls",
    ),
    (with_sealed_file("model.json", with_nan("analyst_from")), "ValueError", "NaN for a threshold"),
    (
        with_sealed_file("model.json", swap_bytes(b'"analyst_from":0.2', b'"analyst_from":"0.2"')),
        "ValueError",
        "text for a threshold",
    ),
    (with_sealed_file("model.json", lambda _: b"[" * 100_000), "model.json is not JSON.", "nested deeper than is read"),
    (with_sealed_file("forest.txt", lambda content: content[: len(content) // 2]), "tree", "half a forest"),
    (
        with_sealed_file("forest.txt", swap_bytes(b"left_child=1 ", b"left_child=0 ")),
        r"tree \d+ is damaged",
        "a forest that never ends",
    ),
    (
        with_sealed_file("forest.txt", swap_bytes(b"left_child=1 ", b"left_child=7 ")),
        r"tree \d+ is damaged",
        "a forest that crashes",
    ),
    (
        with_sealed_file("forest.txt", swap_bytes(b"leaf_value=-", b"leaf_value=x")),
        r"tree \d+ is damaged",
        "a leaf of letters",
    ),
    (with_sealed_file("references.json", swap_bytes(b'"as_of"', b'"as_if"')), "ValueError", "references of no time"),
    (with_sealed_file("references.json", swap_bytes(b'"USD":0.92', b'"USD":"0.92"')), "ValueError", "text for a rate"),
    (with_sealed_file("references.json", swap_bytes(b'"USD":0.92', b'"USD":-1')), "ValueError", "a rate below zero"),
    (
        with_sealed_file("references.json", swap_bytes(b'"bags",5.29', b'"bags",NaN,5.29')),
        "ValueError",
        "NaN for a price",
    ),
]


@pytest.fixture(scope="module")
def champion_site(
    populated_sqlite: PopulatedDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, str]]:
    """A site with a champion, and the champion's digest."""
    with copy_on_sqlite(tmp_path_factory.mktemp("crowned"), populated_sqlite) as site:
        yield site, put_champion_in_force(site)


def champion_of(site: Site) -> str:
    champion = site.runtime.services[LiveModels].of(site.marketplace_id)
    assert champion is not None
    return champion.digest


@pytest.mark.parametrize(("make", "sentence", "_why"), DAMAGES)
def test_a_damaged_bundle_is_not_admitted(tmp_path: Path, make: Callable[[], Files], sentence: str, _why: str) -> None:
    write_bundle_folder(tmp_path / "new", make(), {})
    with pytest.raises(BundleRefused, match=sentence):
        BundleStore(tmp_path / "bundles").admit(tmp_path / "new")
    assert not (tmp_path / "bundles").exists()


@pytest.mark.parametrize(("make", "sentence", "_why"), DAMAGES + SEALED)
def test_a_bundle_that_was_damaged_in_the_store_is_never_put_in_force(
    champion_site: tuple[Site, str], make: Callable[[], Files], sentence: str, _why: str
) -> None:
    site, champion = champion_site
    files = make()
    # As approved: under its own digest if it has a manifest.
    digest = digest_of(files) if MANIFEST in files else digest_of(bundle_files())
    if files.get(MANIFEST) == bundle_files()[MANIFEST]:
        digest = digest_of(bundle_files())
    write_bundle_folder(site.runtime.services[BundleStore].folder(digest), files, {})
    add_model(site, digest, a_report())
    with pytest.raises(BundleRefused, match=sentence):
        promote(site, digest)
    assert champion_of(site) == champion
    follow_champions(site.runtime)
    assert champion_of(site) == champion


# Tried in a child process.


def trial_refusal(folder: Path, files: Files, **limit: float) -> str:
    """The reason why a trial in a child process refuses a bundle."""
    write_bundle_folder(folder / "new", files, {})
    with pytest.raises(BundleRefused) as refused:
        try_in_child(folder / "new", digest_of(files), **limit)
    return refused.value.sentence


def test_a_whole_bundle_is_admitted_with_its_description(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "new", bundle_files(), {"report": {"rows": 5}})
    (tmp_path / "new" / "remark.txt").write_text("not part of it")
    store = BundleStore(tmp_path / "bundles")
    digest = store.admit(tmp_path / "new")
    assert store.load(digest).digest == digest == digest_of(bundle_files())
    assert sorted(path.name for path in store.folder(digest).iterdir()) == sorted([*NAMES, MANIFEST, ABOUT])


def test_a_bundle_that_is_there_is_not_tried_again(tmp_path: Path) -> None:
    """A trial takes a second or two."""
    write_bundle_folder(tmp_path / "bundles" / digest_of(bundle_files()), bundle_files(), {})
    write_bundle_folder(tmp_path / "new", bundle_files(), {})
    store = BundleStore(tmp_path / "bundles")
    before = (store.folder(digest_of(bundle_files())) / MANIFEST).stat().st_mtime_ns
    store.admit(tmp_path / "new")
    assert (store.folder(digest_of(bundle_files())) / MANIFEST).stat().st_mtime_ns == before


# As if LightGBM aborted on damage that `models.treetext` does not detect.
@pytest.mark.parametrize("ends", ["raise RuntimeError", "import os; os.abort()"], ids=["an error", "a signal"])
def test_a_child_that_ends_without_output_is_a_crash_and_only_the_child_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    (tmp_path / "stranger" / "features").mkdir(parents=True)
    (tmp_path / "stranger" / "features" / "__init__.py").write_text(ends)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "stranger"))
    assert trial_refusal(tmp_path, bundle_files()) == "The bundle crashed the process that tried it."


def test_a_bundle_that_does_not_load_in_time_is_refused(tmp_path: Path) -> None:
    """No Python process starts within a hundredth of a second, so any bundle times out here."""
    assert (
        trial_refusal(tmp_path, bundle_files(), within_seconds=0.01) == "The bundle did not load within 0.01 seconds."
    )


def test_a_bundle_whose_score_is_no_number_is_refused(tmp_path: Path) -> None:
    """Every number in it is finite, but the sum is not. A bundle that the child refuses is not admitted."""
    write_bundle_folder(
        tmp_path / "new", with_sealed_file("model.json", swap_bytes(b'"spread":1.3', b'"spread":1e-320'))(), {}
    )
    with pytest.raises(BundleRefused, match=r"^The bundle gives no finite score\.$"):
        BundleStore(tmp_path / "bundles").admit(tmp_path / "new")
    assert not (tmp_path / "bundles").exists()


# In memory.


def test_a_champion_that_cannot_be_loaded_has_no_substitute_until_it_is_mended(tmp_path: Path) -> None:
    store = BundleStore(tmp_path)
    first, second = bundle_files(Join.SUM), bundle_files(Join.STACK)
    for files in (first, second):
        write_bundle_folder(store.folder(digest_of(files)), files, {})
    live = LiveModels(store)
    live.follow({"here": digest_of(first), "there": digest_of(first)})
    assert live.missing() == {}
    (store.folder(digest_of(second)) / "forest.txt").write_bytes(b"")
    live.follow({"here": digest_of(second), "there": digest_of(first)})
    with pytest.raises(ChampionMissing, match=digest_of(second)[:12]):
        live.of("here")
    assert live.loaded("here") is None
    assert digest_in(live, "there") == digest_of(first)
    write_bundle_folder(store.folder(digest_of(second)), second, {})
    live.follow({"here": digest_of(second), "there": digest_of(first)})
    assert digest_in(live, "here") == digest_of(second)


def digest_in(live: LiveModels, marketplace_id: str) -> str | None:
    champion = live.of(marketplace_id)
    return champion.digest if champion else None


def with_a_flipped_bit(folder: Path) -> None:
    path = folder / "forest.txt"
    path.write_bytes(flip_bit(path.read_bytes()))


UNUSABLE: list[tuple[Callable[[Path], None], str, str]] = [
    (with_a_flipped_bit, "forest.txt is not the file that the manifest names: its SHA-256 is", "a flipped bit"),
    (lambda folder: (folder / "text_weights.npy").unlink(), "The bundle has no text_weights.npy.", "a lost file"),
    (lambda folder: (folder / MANIFEST).unlink(), "The bundle holds no manifest.json.", "a lost manifest"),
    (shutil.rmtree, "The data directory of this process has no bundle", "a lost folder"),
]


@pytest.mark.parametrize(("damage", "sentence", "_why"), UNUSABLE)
def test_a_service_that_starts_on_a_damaged_champion_is_not_ready_and_says_what_is_damaged(
    site: Site, damage: Callable[[Path], None], sentence: str, _why: str
) -> None:
    digest = put_champion_in_force(site)
    folder = site.runtime.services[BundleStore].folder(digest)
    expected = json.loads((folder / MANIFEST).read_bytes())["files"]["forest.txt"]
    damage(folder)
    assert champion_of(site) == digest, "the running process has verified and loaded it"
    with capture_logs() as lines:
        restarted = open_runtime(site.runtime.settings, clock=site.clock, migrated=True)
        follow_champions(restarted)
    try:
        answer = a_client(restarted).get("/readyz")
        assert answer.status_code == 503
        reason = answer.json()["reasons"][0]["sentence"]
        assert sentence in reason
        assert f"Copy the folder bundles/{digest} from the process that trained it or from a backup" in reason
        assert damage is not with_a_flipped_bit or expected[:12] in reason
        (line,) = [line for line in lines if line["event"] == "champion.missing"]
        assert (line["digest"], line["folder"], line["sentence"]) == (digest, str(folder), reason)
        with pytest.raises(ChampionMissing):
            receive_rows(restarted, site.marketplace, [a_row()], source="test")
    finally:
        restarted.close()


def test_before_there_is_a_champion_there_is_none(tmp_path: Path) -> None:
    assert LiveModels(BundleStore(tmp_path)).of("here") is None


def test_a_champion_that_is_in_force_is_not_loaded_again(tmp_path: Path) -> None:
    store = BundleStore(tmp_path)
    write_bundle_folder(store.folder(digest_of(bundle_files())), bundle_files(), {})
    live = LiveModels(store)
    live.follow({"here": digest_of(bundle_files())})
    before = live.of("here")
    live.follow({"here": digest_of(bundle_files())})
    assert live.of("here") is before


# A bundle as one archive: the files it has, and nothing that a damaged archive could do.


def test_an_archive_has_the_files_of_the_bundle_and_its_description_alone(tmp_path: Path) -> None:
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {"report": {"rows": 5}})
    (tmp_path / "bundle" / "remark.txt").write_text("not part of it")
    assert unpack_archive(pack_folder(tmp_path / "bundle")) == (bundle_files(), {"report": {"rows": 5}})


def archive(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as writing:
        for name, content in files:
            writing.writestr(name, content)
    return buffer.getvalue()


WHOLE = archive(("model.json", b"{}" * 500))


@pytest.mark.parametrize(
    ("content", "_why"),
    [
        (b"", "nothing"),
        (b"not an archive", "another file"),
        (WHOLE[: len(WHOLE) // 2], "cut off"),
        (WHOLE.replace(WHOLE[45:50], bytes(5)), "damaged within"),
        (archive(("about.json", b"{")), "a description that is no JSON"),
    ],
)
def test_a_damaged_archive_is_refused(content: bytes, _why: str) -> None:
    with pytest.raises(BundleRefused, match=r"^The stored bundle is damaged"):
        unpack_archive(content)


def test_no_file_of_an_archive_lies_outside_the_bundle() -> None:
    assert unpack_archive(archive(("../../elsewhere", b"x"), ("/etc/passwd", b"y")))[0] == {
        "elsewhere": b"x",
        "passwd": b"y",
    }


def test_an_archive_that_grows_too_large_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_LARGEST", 999)
    with pytest.raises(BundleRefused, match="too large"):
        unpack_archive(WHOLE)


# A champion whose flat trees come out otherwise than with LightGBM: LightGBM scores, and the service says so.

_SLOWER = "scores listings through LightGBM: the faster computation gave another value."


def test_a_champion_that_lightgbm_computes_is_logged_once_and_shown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for join in Join:
        a_forest(join)  # Made before the patch, because the fixture keeps it.
    monkeypatch.setattr(forest, "flatten", lambda trees, columns: flatten(trees[1:], columns))
    with capture_logs() as lines:
        digest = put_champion_in_force(site)
        follow_champions(site.runtime)
    (line,) = [line for line in lines if line["event"] == "champion.by_lightgbm"]
    assert (line["marketplace_id"], line["digest"]) == (site.marketplace_id, digest)
    text = words(visit_as(site, an_administrator(site)).get("/operations").text)
    assert f"Champion {digest[:10]} {_SLOWER}" in text


def test_a_champion_that_comes_out_alike_is_not_called_slower(site: Site) -> None:
    with capture_logs() as lines:
        put_champion_in_force(site)
    assert [line for line in lines if line["event"] == "champion.by_lightgbm"] == []
    assert _SLOWER not in visit_as(site, an_administrator(site)).get("/operations").text
