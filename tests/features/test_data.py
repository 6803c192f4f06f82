import hashlib
import json
from pathlib import Path

DATA = Path(__file__).parent.parent.parent / "features" / "data"
OURS = {
    "currency_codes.txt",
    "currency_exponents.json",
    "fold_table.tsv",
    "letter_table.tsv",
    "lexicon.tsv",
    "manifest.json",
    "ordinary_words.tsv",
}


def test_what_others_made_is_named_with_its_licence_and_unchanged() -> None:
    manifest = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
    listed = {name: digest for dataset in manifest for name, digest in dataset["files"].items()}
    assert {path.name for path in DATA.iterdir()} == OURS | set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest, name
    assert all(dataset["licence"] and dataset["version"] and dataset["source"] for dataset in manifest)
