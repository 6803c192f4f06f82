"""Two hundred bundles that are none: each is refused in a sentence, and none of them ends a process."""

import json
import subprocess
from pathlib import Path

import pytest

from models.bundle import from_files
from models.classifier import Join
from serving.platform import children
from tests.fixtures.corruption import CorruptBundle, corrupt_bundles
from tests.fixtures.scorers import bundle_files
from tests.fixtures.trained import a_trained_bundle
from training.bundle_folder import write_bundle_folder

FEW, MANY = 20, 200
# Loads each bundle by itself, not by way of a digest that was approved, and scores with it if it could be loaded.
TRIES = """
import json, sys
from pathlib import Path
from features.compute import compute
from models.bundle import from_files
from models.errors import BundleRefused
from tests.fixtures.facts import bare_facts, full_facts, suspect_facts
from training.bundle_folder import read_bundle_folder

rows = [compute(facts) for facts in (bare_facts(), full_facts(), suspect_facts())]
for folder in sorted(Path(sys.argv[1]).iterdir()):
    print(json.dumps({"tried": folder.name}), flush=True)
    try:
        bundle = from_files(read_bundle_folder(folder))
        said = str([score.value for score in bundle.score_many(rows)])
    except BundleRefused as refused:
        said = refused.sentence
    print(json.dumps({"tried": folder.name, "said": said}), flush=True)
"""


def corrupt_sample(count: int) -> list[CorruptBundle]:
    return list(corrupt_bundles(a_trained_bundle(), bundle_files(Join.STACK), count))


def test_what_they_are_made_of_is_whole() -> None:
    for files in (a_trained_bundle(), bundle_files(Join.STACK)):
        from_files(files)


def test_equal_seeds_make_equal_ones() -> None:
    assert corrupt_sample(20) == corrupt_sample(20)
    many = corrupt_sample(MANY)
    assert len({bundle.name for bundle in many}) == MANY
    assert sum(bundle.sealed for bundle in many) > MANY / 2


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_a_corrupt_bundle_is_refused_in_a_sentence_and_ends_no_process(tmp_path: Path, count: int) -> None:
    """In a child: LightGBM and numba read what they are given without looking, and would end this process too."""
    names = {}
    for number, bundle in enumerate(corrupt_sample(count)):
        write_bundle_folder(tmp_path / f"{number:04}", bundle.files, {})
        names[f"{number:04}"] = bundle.name
    done = subprocess.run(
        [*children.interpreter_command(), "-c", TRIES, str(tmp_path)], capture_output=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{names[lines[-1]['tried']]} ended the process: {done.stderr.decode()[-500:]}"
    answers = {names[line["tried"]]: line["said"] for line in lines if "said" in line}
    assert len(answers) == count
    assert {name: answer for name, answer in answers.items() if not is_a_sentence(answer)} == {}


def is_a_sentence(text: str) -> bool:
    return text[:1].isalpha() and text.endswith(".") and " " in text and "Traceback" not in text
