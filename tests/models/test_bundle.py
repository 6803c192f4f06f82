import dataclasses
import hashlib
import io
import json
import math
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.compute import compute, input_fingerprint
from features.text_kernel import COLUMNS, TITLE, indices
from models.bundle import MANIFEST, SCHEMA, Bundle, Masking, digest_of, from_files, to_files, verify
from models.calibration import Calibration
from models.classifier import Join, TextModel
from models.errors import BundleRefused
from models.explanations import TEXT_CODE
from models.routing import Thresholds
from models.score import ScoreKind, named_parts
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES, bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import BENT, CALIBRATION, a_bundle, a_classifier, bundle_files

ROWS = [compute(facts) for facts in (some_facts(), full_facts(), bare_facts(), suspect_facts())]
NAMES = ["forest.txt", "text_weights.npy", "model.json", "references.json", "phrases.json"]
Files = dict[str, bytes]


def resealed_files(files: Files) -> Files:
    """The files under a manifest that names them as they are: what somebody with write access would make."""
    manifest = json.loads(files[MANIFEST])
    manifest["files"] = {name: hashlib.sha256(files[name]).hexdigest() for name in NAMES}
    return {**files, MANIFEST: json.dumps(manifest).encode()}


def with_json(name: str, change: Callable[[dict[str, Any]], object]) -> Files:
    files = bundle_files()
    document = json.loads(files[name])
    change(document)
    files[name] = json.dumps(document).encode()
    return files if name == MANIFEST else resealed_files(files)


def as_npy(array: np.ndarray[Any, Any], *, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


@pytest.mark.parametrize("join", Join)
def test_a_bundle_scores_as_the_classifier_that_it_was_made_from(join: Join) -> None:
    matrix = np.stack([row.vector for row in ROWS])
    expected = a_classifier(join).log_odds(matrix, [row.facts.listing for row in ROWS])
    assert [score.value for score in a_bundle(join).score_many(ROWS)] == expected.tolist()


def test_a_bundle_comes_back_whole() -> None:
    bundle = from_files(bundle_files())
    assert (bundle.thresholds, bundle.masking, bundle.references_as_of) == (Thresholds(0.6, 0.2), Masking(3, 0.15), NOW)
    assert bundle.references.prices == REFERENCES.prices
    assert bundle.classifier.combiner == a_classifier().combiner
    assert bundle.fingerprint == input_fingerprint()


def test_equal_models_give_equal_bytes() -> None:
    again = from_files(bundle_files())
    files = to_files(
        again.classifier,
        thresholds=again.thresholds,
        references=again.references,
        references_as_of=again.references_as_of,
        masking=again.masking,
        phrases=again.phrases,
    )
    assert files == bundle_files()


def test_scores_are_calibrated_and_name_their_bundle() -> None:
    (score,) = a_bundle().score_many(ROWS[:1])
    assert (score.kind, score.scorer, score.fingerprint) == (
        ScoreKind.CALIBRATED,
        digest_of(bundle_files()),
        input_fingerprint(),
    )


@pytest.mark.parametrize("calibration", [CALIBRATION, BENT], ids=["sigmoid", "curve"])
def test_a_score_s_interval_holds_its_probability(calibration: Calibration) -> None:
    for score in from_files(bundle_files(calibration=calibration)).score_many(ROWS):
        assert score.interval is not None
        assert score.probability is not None
        assert 0 < score.interval[0] <= score.probability <= score.interval[1] < 1


def test_a_calibration_without_a_band_gives_scores_without_an_interval() -> None:
    bundle = from_files(bundle_files(calibration=dataclasses.replace(CALIBRATION, band=None)))
    assert {score.interval for score in bundle.score_many(ROWS)} == {None}


def test_scores_without_reasons_are_the_same_scores() -> None:
    bare = a_bundle().score_many(ROWS, with_reasons=False)
    assert [dataclasses.replace(score, reasons=(), evidence=()) for score in a_bundle().score_many(ROWS)] == bare


@pytest.mark.parametrize("calibration", [CALIBRATION, BENT], ids=["sigmoid", "curve"])
def test_a_row_alone_has_the_score_that_it_has_in_a_batch(calibration: Calibration) -> None:
    bundle = from_files(bundle_files(calibration=calibration))
    alone = [score for row in ROWS for score in bundle.score_many([row], with_reasons=False)]
    assert alone == bundle.score_many(ROWS, with_reasons=False)


def test_scores_have_reasons_unless_nothing_is_known() -> None:
    assert [1 <= len(named_parts(score.reasons)) <= 5 for score in a_bundle().score_many(ROWS)] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("join", Join)
def test_the_reasons_of_a_score_add_up_to_it(join: Join) -> None:
    for score in a_bundle(join).score_many(ROWS):
        assert abs(math.fsum(reason.weight for reason in score.reasons) - score.value) <= 1e-9


def test_hard_evidence_comes_with_the_reasons() -> None:
    *_, suspect = a_bundle().score_many(ROWS)
    assert [message.code for message in suspect.evidence][:2] == ["text_replica_grade", "brand_disguised"]


def without_phrases(files: Files) -> Files:
    """The bundle as it was written before there were phrases."""
    manifest = json.loads(files[MANIFEST])
    manifest["schema"] = 2
    del manifest["files"]["phrases.json"]
    return {name: content for name, content in files.items() if name != "phrases.json"} | {
        MANIFEST: json.dumps(manifest).encode()
    }


def without_bound(files: Files) -> Files:
    """The bundle as it was written when phrases had no lower bound: its table would now be refused."""
    table = json.loads(files["phrases.json"])
    del table["segmenter"]
    table["phrases"]["mirror"] = [[2, 20, 8, 1]]
    changed = {**files, "phrases.json": json.dumps(table).encode()}
    manifest = json.loads(resealed_files(changed)[MANIFEST])
    return {**changed, MANIFEST: json.dumps({**manifest, "schema": 3}).encode()}


def quoted_words(bundle: Bundle) -> set[str]:
    return {
        word
        for score in bundle.score_many(ROWS)
        for reason in score.reasons
        if reason.code == TEXT_CODE
        for word in reason.message.parameters["words"]
    }


def with_a_pull(files: Files, *, but: str = "") -> Files:
    """The files with a text model that takes every word for a sign of counterfeits, `but` one for the opposite."""
    weights = np.full(COLUMNS, 0.1, dtype=np.float32)
    weights[indices(but, TITLE)] = -0.1
    return resealed_files({**files, "text_weights.npy": as_npy(weights)})


@pytest.mark.parametrize("of_the_schema_before", [without_phrases, without_bound])
def test_a_bundle_of_an_earlier_schema_scores_the_same_and_quotes_nothing(
    of_the_schema_before: Callable[[Files], Files],
) -> None:
    files = with_a_pull(bundle_files())
    bundle, before = from_files(files), from_files(of_the_schema_before(files))
    assert [score.value for score in before.score_many(ROWS)] == [score.value for score in bundle.score_many(ROWS)]
    assert (quoted_words(bundle), quoted_words(before)) == ({"mirror quality"}, set())


def test_a_phrase_that_the_text_model_takes_for_genuine_is_not_quoted() -> None:
    bundle = from_files(with_a_pull(bundle_files(), but="mirror quality"))
    assert quoted_words(bundle) == set()
    assert all(
        reason.weight > 0 for score in bundle.score_many(ROWS[-1:]) for reason in score.reasons if reason.code == "text"
    )


@pytest.mark.parametrize(("counterfeit", "expected"), [(24, 1), (25, 2)])
def test_phrases_of_the_same_listings_are_quoted_once(counterfeit: int, expected: int) -> None:
    """They come from one sentence that many listings copied."""
    rows = {"real": [[2, 30, 24, 1]], "tote": [[2, 30, counterfeit, 1]]}
    bundle = from_files(with_a_pull(with_json("phrases.json", lambda table: table.update(phrases=rows))))
    (score,) = bundle.score_many(ROWS[-1:])
    (words,) = (reason.message.parameters["words"] for reason in score.reasons if reason.code == TEXT_CODE)
    assert len(words) == expected


def test_the_weights_of_a_phrase_are_added_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle, pulls = from_files(with_a_pull(bundle_files())), list[tuple[str, Sequence[int]]]()
    original = TextModel.pull

    def noted(self: TextModel, phrase: str, fields: Sequence[int]) -> float:
        pulls.append((phrase, fields))
        return original(self, phrase, fields)

    monkeypatch.setattr(TextModel, "pull", noted)
    monkeypatch.setattr(Bundle, "_weighed", lambda *_: ())  # Any word may be weighed, so those pulls are not kept.
    first, second = bundle.score_many(ROWS), bundle.score_many(ROWS)
    assert first == second
    assert len(pulls) == len(set(pulls)) > 0


def test_a_table_beside_a_bundle_of_the_schema_before_is_not_read() -> None:
    """Its manifest does not name it, so nobody approved it."""
    files = with_a_pull(bundle_files())
    before = {**without_phrases(files), "phrases.json": files["phrases.json"]}
    assert quoted_words(from_files(before)) == set()


def test_settings_that_a_person_gave_are_in_the_bundle_and_change_its_digest_and_no_score() -> None:
    files = with_json("model.json", lambda model: model.update(settings={"text_cost": 3.0, "forest.leaves": 7}))
    assert digest_of(files) != digest_of(bundle_files())
    assert [score.value for score in from_files(files).score_many(ROWS)] == [
        score.value for score in a_bundle().score_many(ROWS)
    ]
    assert "settings" not in json.loads(bundle_files()["model.json"]), "the defaults have no entry"


@pytest.mark.parametrize(
    "settings", [{"text_cost": "3"}, {"text_cost": None}, {"text_cost": {}}, [], "text_cost", None]
)
def test_a_bundle_with_settings_that_are_no_numbers_is_refused(settings: object) -> None:
    with pytest.raises(BundleRefused):
        from_files(with_json("model.json", lambda model: model.update(settings=settings)))


def test_nothing_to_score_is_no_score() -> None:
    assert a_bundle().score_many([]) == []


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_flipped_byte_anywhere_in_a_file_is_refused(name: str) -> None:
    digest = digest_of(bundle_files())
    size = len(bundle_files()[name])
    for at in sorted({0, size // 3, size // 2, size - 1, *range(0, size, max(1, size // 40))}):
        files = bundle_files()
        content = bytearray(files[name])
        content[at] ^= 1
        files[name] = bytes(content)
        with pytest.raises(BundleRefused):
            verify(files, expected=digest)


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_truncated_file_is_refused(name: str) -> None:
    files = bundle_files()
    files[name] = files[name][:-1]
    with pytest.raises(BundleRefused):
        verify(files, expected=digest_of(bundle_files()))


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_missing_file_is_refused_by_name(name: str) -> None:
    files = bundle_files()
    del files[name]
    with pytest.raises(BundleRefused, match=name if name != MANIFEST else "no manifest"):
        verify(files)


def test_another_bundle_than_the_approved_one_is_refused() -> None:
    with pytest.raises(BundleRefused, match="not 000000000000 as approved"):
        from_files(bundle_files(), expected="0" * 64)


def test_a_bundle_for_other_features_is_refused() -> None:
    with pytest.raises(BundleRefused, match="another feature set"):
        verify(with_json(MANIFEST, lambda m: m.update(fingerprint="0" * 64)))


def test_a_bundle_of_another_schema_is_refused() -> None:
    with pytest.raises(BundleRefused, match=f"schema {SCHEMA + 1}; this version reads 2 to {SCHEMA}"):
        verify(with_json(MANIFEST, lambda m: m.update(schema=SCHEMA + 1)))


MANIFESTS = [
    (b"{", "not JSON", "half of one"),
    (b"[]", "not an object", "a list"),
    (b"\xff", "not JSON", "no text"),
    (b"[" * 100_000, "not JSON", "nested deeper than any reading"),
]


@pytest.mark.parametrize(("content", "sentence", "_why"), MANIFESTS)
def test_a_manifest_that_is_none_is_refused(content: bytes, sentence: str, _why: str) -> None:
    with pytest.raises(BundleRefused, match=sentence):
        verify({**bundle_files(), MANIFEST: content})


@pytest.mark.parametrize("files", [{}, {"../../etc/passwd": "0" * 64}, [], None, "forest.txt"])
def test_a_manifest_of_other_files_is_refused(files: object) -> None:
    with pytest.raises(BundleRefused, match="does not name the files"):
        verify(with_json(MANIFEST, lambda m: m.update(files=files)))


class Payload:
    """Runs when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.marker,)


def test_an_array_of_objects_is_refused_and_nothing_in_it_runs(tmp_path: Path) -> None:
    array = np.empty(COLUMNS, dtype=object)
    array[0] = Payload(tmp_path / "ran")
    files = {**bundle_files(), "text_weights.npy": as_npy(array, allow_pickle=True)}
    with pytest.raises(BundleRefused):
        from_files(resealed_files(files))
    assert list(tmp_path.iterdir()) == []


def test_the_payload_would_run_if_it_were_unpickled(tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    pickle.loads(pickle.dumps(Payload(tmp_path / "ran")))  # noqa: S301  # our own
    assert [path.name for path in tmp_path.iterdir()] == ["ran"]


def nested_header() -> bytes:
    whole = as_npy(np.zeros(COLUMNS, dtype=np.float32))
    return whole[:8] + (9_000).to_bytes(2, "little") + b"(" * 8_999 + b"\n" + whole[-4 * COLUMNS :]


HUGE = as_npy(np.zeros(COLUMNS, dtype=np.float32)).replace(
    f"({COLUMNS},), }}            ".encode(), f"({COLUMNS}000000,), }}      ".encode()
)
WEIGHTS = [
    (pickle.dumps([1.0]), "a pickle"),
    (b"", "nothing"),
    (b"PK\x03\x04" + b"\0" * 64, "an archive, which numpy would open"),
    (as_npy(np.zeros(COLUMNS, dtype=np.float64)), "twice as wide"),
    (as_npy(np.zeros(COLUMNS - 1, dtype=np.float32)), "one short"),
    (as_npy(np.zeros((COLUMNS, 1), dtype=np.float32)), "of two dimensions"),
    (as_npy(np.zeros(COLUMNS, dtype=">f4")), "in the other byte order"),
    (as_npy(np.zeros(COLUMNS, dtype=np.float32))[:-4], "one number lost"),
    (as_npy(np.zeros(COLUMNS, dtype=np.float32)) + b"\0" * 4, "one number too many"),
    (as_npy(np.full(COLUMNS, np.nan, dtype=np.float32)), "numbers that are none"),
    (as_npy(np.full(COLUMNS, np.inf, dtype=np.float32)), "endless numbers"),
    (
        as_npy(np.zeros(COLUMNS, dtype=np.float32)).replace(f"({COLUMNS},)".encode(), f"({COLUMNS - 1},)".encode()),
        "a header that claims one number less",
    ),
    (nested_header(), "a header nested deeper than is read"),
    (as_npy(np.zeros(COLUMNS, dtype=np.float32)).replace(b"False", b"True "), "a header of columns"),
    (HUGE, "a header that claims more than the memory holds"),
]


@pytest.mark.parametrize(("content", "_why"), WEIGHTS)
def test_weights_that_are_none_are_refused(content: bytes, _why: str) -> None:
    with pytest.raises(BundleRefused):
        from_files(resealed_files({**bundle_files(), "text_weights.npy": content}))


MODELS: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("model.json", lambda m: m.pop("combiner"), "no combiner"),
    ("model.json", lambda m: m["combiner"].update(join="pickle"), "an unknown join"),
    ("model.json", lambda m: m["combiner"].update(join="stack"), "a join for which the forest lacks a column"),
    ("model.json", lambda m: m["calibration"].update(power=2), "a calibration of another form"),
    ("model.json", lambda m: m["calibration"]["curve"].update(slope=-1.7), "a calibration that turns the order round"),
    ("model.json", lambda m: m["calibration"]["curve"].update(slope=math.nan), "a calibration that is no number"),
    ("model.json", lambda m: m["calibration"]["band"].update(low=[3.0, 4.0]), "a band upside down"),
    ("model.json", lambda m: m.update(calibration="sigmoid"), "a calibration without numbers"),
    ("model.json", lambda m: m.update(text_intercept=None), "no intercept"),
    ("model.json", lambda m: m["thresholds"].pop("analyst_from"), "no threshold"),
    ("model.json", lambda m: m["thresholds"].update(ask_brand_from=1.01), "a threshold above one"),
    ("model.json", lambda m: m["thresholds"].update(analyst_from=-0.01), "a threshold below zero"),
    ("model.json", lambda m: m["thresholds"].update(analyst_from=0.61), "thresholds that cross"),
    ("model.json", lambda m: m["combiner"].update(text_weight=1.1), "a text weight above one"),
    (
        "model.json",
        lambda m: m["combiner"].update(join="offset", text_weight=-0.1),
        "text that speaks for its contrary",
    ),
    ("model.json", lambda m: m["combiner"].update(join="offset", text_weight=100.1), "a text weight that no fit finds"),
    ("model.json", lambda m: m["combiner"]["text"].update(spread=0), "a spread of nothing"),
    ("model.json", lambda m: m["combiner"].update(hook="x"), "more than a combiner"),
    ("model.json", lambda m: m["masking"].update(share=2), "a share masked above one"),
    ("model.json", lambda m: m["masking"].update(seed="0"), "a seed in words"),
    ("model.json", lambda m: m.update(hook="os.system"), "more than a model"),
    ("references.json", lambda m: m.pop("prices"), "no prices"),
    ("references.json", lambda m: m.update(prices=[["a", "b"]]), "prices without figures"),
    ("references.json", lambda m: m.update(as_of="yesterday"), "a time that is none"),
    ("references.json", lambda m: m.update(brands=[{"name": "Aurelle"}]), "a brand without its id"),
    ("references.json", lambda m: m["brands"][0].update(brand_id=5), "a brand of a number"),
    ("references.json", lambda m: m["brands"][0].update(aliases="aurelle"), "aliases that are one word"),
    ("references.json", lambda m: m["brands"].append(m["brands"][0]), "a brand twice"),
    ("references.json", lambda m: m.update(base_currency=["EUR"]), "a currency that is none"),
    ("references.json", lambda m: m.update(as_of="2026-03-02T09:00:00"), "a moment without an offset"),
    ("references.json", lambda m: m["prices"][0].__setitem__(0, 5), "a price of no brand"),
    ("references.json", lambda m: m["prices"][0].__setitem__(3, -0.1), "a price that spreads below zero"),
    ("references.json", lambda m: m["prices"][0].__setitem__(4, 0), "a price of no listing"),
    ("references.json", lambda m: m.update(lists=[["a", "gtin", 5, "1.00", "EUR"]]), "a list price of a number"),
    ("references.json", lambda m: m.update(indicators=[]), "more than references"),
    ("phrases.json", lambda m: m["phrases"].update(mirror=[[2, 19, 18, 1]]), "a phrase of too few listings"),
    ("phrases.json", lambda m: m["phrases"]["leather"][0].__setitem__(3, 1), "a phrase that is quoted without lift"),
    ("phrases.json", lambda m: m["phrases"]["mirror"].append(m["phrases"]["mirror"][0]), "a cell of a phrase twice"),
    ("phrases.json", lambda m: m["phrases"].update(mirror=[[0, 30, 26, 0]]), "a phrase of more counterfeits than all"),
    ("phrases.json", lambda m: m["phrases"].update(mirror=[[0, 60, 20, 0]]), "a phrase of more genuine ones than all"),
    ("phrases.json", lambda m: m["cells"].append(m["cells"][0]), "a cell twice"),
    ("phrases.json", lambda m: m["cells"][0].__setitem__(0, 5), "a cell of a number for a brand"),
    ("phrases.json", lambda m: m["cells"][0].__setitem__(3, 10**13), "a cell of more listings than there are"),
    ("phrases.json", lambda m: m.update(phrases=[]), "phrases without counts"),
    ("phrases.json", lambda m: m.pop("segmenter"), "phrases of no segmenter"),
    (
        "phrases.json",
        lambda m: m["phrases"].update(mirror=[[2, 20, 11, 1]]),
        "a lift of more than two, whose lower bound is too low",
    ),
    (
        "phrases.json",
        lambda m: m["phrases"].update({f"w{i}": [[2, 30, 24, 1]] for i in range(50_001)}),
        "too many phrases",
    ),
]


@pytest.mark.parametrize(("name", "change", "_why"), MODELS)
def test_a_bundle_that_does_not_hold_what_it_should_is_refused(
    name: str, change: Callable[[dict[str, Any]], object], _why: str
) -> None:
    with pytest.raises(BundleRefused):
        from_files(with_json(name, change))


@pytest.mark.parametrize("name", ["model.json", "references.json", MANIFEST])
def test_a_name_that_stands_twice_is_refused(name: str) -> None:
    """Another reader may read it differently."""
    files = bundle_files()
    first = next(iter(json.loads(files[name])))
    files[name] = files[name].replace(b"{", f'{{"{first}":0,'.encode(), 1)
    with pytest.raises(BundleRefused, match="is not JSON"):
        from_files(files if name == MANIFEST else resealed_files(files))


@pytest.mark.parametrize("name", ["model.json", "references.json", MANIFEST])
def test_text_in_another_encoding_is_refused(name: str) -> None:
    files = bundle_files()
    files[name] = files[name].decode().encode("utf-16")
    with pytest.raises(BundleRefused, match="is not JSON"):
        from_files(files if name == MANIFEST else resealed_files(files))


@pytest.mark.parametrize("schema", [True, float(SCHEMA), str(SCHEMA), None])
def test_a_schema_that_is_no_whole_number_is_refused(schema: object) -> None:
    with pytest.raises(BundleRefused, match="this version reads"):
        verify(with_json(MANIFEST, lambda m: m.update(schema=schema)))


def test_a_forest_whose_columns_stand_in_another_order_is_refused() -> None:
    files = bundle_files()
    text = files["forest.txt"].decode()
    names = next(line for line in text.splitlines() if line.startswith("feature_names="))
    turned = "feature_names=" + " ".join(names.partition("=")[2].split(" ")[::-1])
    with pytest.raises(BundleRefused, match="other columns"):
        from_files(resealed_files({**files, "forest.txt": text.replace(names, turned).encode()}))


def test_the_digest_covers_no_time_host_path_or_commit() -> None:
    assert set(json.loads(bundle_files()[MANIFEST])) == {"schema", "fingerprint", "files"}


def test_no_file_of_a_bundle_says_where_it_was_made() -> None:
    whole = b"".join(bundle_files().values())
    assert [word for word in (str(Path.cwd()), str(Path.home()), "num_threads") if word.encode() in whole] == []
