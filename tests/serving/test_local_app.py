"""The command line's socket: a long command answers line by line, and its result or refusal is the last line."""

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from serving.app import create_local_app
from tests.fixtures.runtimes import Site


def lines(site: Site, command: str, **arguments: object) -> list[dict[str, Any]]:
    answer = TestClient(create_local_app(site.runtime)).post(f"/commands/{command}", json=arguments)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.content.split(b"\n")]


def test_progress_comes_before_the_result(site: Site) -> None:
    *steps, last = lines(site, "verify_audit")
    assert steps[0]["progress"]["doing"] == "Entries"
    assert last["result"]["broken"] is None


def test_a_refusal_comes_last_with_its_sentence(site: Site, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    (only,) = lines(site, "make_backup", folder=str(tmp_path / "taken"))
    assert only["error"]["code"] == "conflict"
    assert "exists already" in only["error"]["sentence"]


def test_a_short_command_answers_at_once(site: Site) -> None:
    (only,) = lines(site, "get_figures", marketplace="Bazaar")
    assert "result" in only
