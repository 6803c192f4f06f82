import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from babel import Locale
from standardwebhooks import Webhook

from features.listing import Listing, check
from serving.api.contract.requests import listing_schema
from serving.platform.languages import languages
from tests.docs.generate import GENERATED, ROOT, commands
from tests.fixtures.runtimes import a_row, a_suspect_row

HAND_WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_what_the_code_says_now(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == GENERATED[name](), "run `make docs`"


@pytest.mark.parametrize("row", [a_row(), a_suspect_row()], ids=["honest", "suspect"])
def test_what_the_door_accepts_the_schema_accepts(row: dict[str, object]) -> None:
    assert isinstance(check(row, received_at=NOW), Listing)
    jsonschema.validate(row, listing_schema())


def test_every_row_of_the_sample_comes_through_the_door_and_the_schema() -> None:
    schema = listing_schema()
    rows = [json.loads(line) for line in (ROOT / "data" / "sample.ndjson").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 40
    for row in rows:
        assert isinstance(check(row, received_at=NOW), Listing), row["external_id"]
        jsonschema.validate(row, schema)


def test_every_command_has_a_sentence_of_help() -> None:
    assert all((command.help or "").strip().endswith(".") for command in commands().values())


def test_commands_named_in_the_documents_exist() -> None:
    known = set(commands())
    for path in HAND_WRITTEN:
        for named in re.findall(r"`touchstone ([a-z][a-z-]+(?: [a-z]+)?)", path.read_text(encoding="utf-8")):
            first = named.split(" ")[0]
            assert named in known or first in known or any(name.startswith(f"{first} ") for name in known), (
                path,
                named,
            )


def test_what_was_found_names_modules_and_tests_that_exist() -> None:
    text = (ROOT / "docs" / "found.md").read_text(encoding="utf-8")
    named = re.findall(r"\b((?:serving|training|models|features|tests)/[\w/]+\.py)(?:::(\w+))?", text)
    assert [path for path, _ in named if not (ROOT / path).is_file()] == []
    tests = [(ROOT / path, test) for path, test in named if test]
    assert [test for path, test in tests if not re.search(rf"def {test}\b", path.read_text(encoding="utf-8"))] == []


def test_the_documents_name_every_language_of_the_pages() -> None:
    names = {str(Locale(language).get_display_name("en")) for language in languages()}
    lists = [
        (path.name, *re.split(", | and | or ", listed))
        for path in HAND_WRITTEN
        for listed in re.findall(r"English(?:, [A-Z][a-z]+)+ (?:and|or) [A-Z][a-z]+", path.read_text(encoding="utf-8"))
    ]
    assert {name for name, *_ in lists} == {"integrating.md", "workbench.md"}
    assert [(name, set(listed)) for name, *listed in lists] == [(name, names) for name, *_ in lists]


def test_make_targets_named_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for path in HAND_WRITTEN:
        assert set(re.findall(r"`make ([a-z]+)", path.read_text(encoding="utf-8"))) <= targets, path


def test_no_document_or_file_names_a_registry_host_or_a_machine() -> None:
    hosts = re.compile("pythonh" + "osted|pyp" + r"i\.org/simple|registry\.np" + "mjs|/wo" + "rk/main")
    for path in [*HAND_WRITTEN, *sorted(Path(ROOT / "requirements").iterdir())]:
        assert not hosts.search(path.read_text(encoding="utf-8")), path


def test_the_guide_s_check_of_a_webhook_agrees_with_the_library_of_the_scheme() -> None:
    page, guide = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8"), dict[str, Any]()
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], guide)  # noqa: S102  # The page is ours.
    secret, body, now = f"whsec_{b64encode(bytes(24)).decode()}", b'{"a": 1}', datetime.now(UTC)
    headers = {
        "webhook-id": "act_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,old {Webhook(secret).sign('act_1', now, body.decode())}",
    }
    assert guide["is_authentic"](secret, headers, body)
    assert not guide["is_authentic"](secret, headers, body + b" ")
    assert not guide["is_authentic"](secret, headers | {"webhook-timestamp": "1"}, body)
