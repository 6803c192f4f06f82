"""Clients that foreign tools make from the contract send a good and a bad listing and read both answers."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.fixtures.runtimes import Site
from tests.fixtures.service_process import Service, a_populated_home, a_service

pytestmark = pytest.mark.soak
_REQUIREMENTS: Final = Path(__file__).parents[3] / "requirements"
_LEAST_NODE: Final = (20, 19)  # Of the linter.
_PYTHON: Final = """
import json, os
from touchstone_client import AuthenticatedClient
from touchstone_client.api.intake import post_listings
from touchstone_client.models import Error, Listing, Row

client = AuthenticatedClient(base_url=os.environ["ADDRESS"], token=os.environ["KEY"])
row = {"external_id": "PY-1", "title": "Aurelle tote, grey", "price": "490.00", "currency": "EUR"}
sent = [
    post_listings.sync_detailed(client=client, body=Listing.from_dict(row | change), idempotency_key=key)
    for key, change in (("py-1", {}), ("py-1", {}), ("py-2", {"price": "none"}))
]
assert isinstance(sent[0].parsed, Row) and isinstance(sent[2].parsed, Error)
print(json.dumps([
    [sent[0].status_code, sent[0].parsed.status.value, sent[0].parsed.version],
    [sent[1].status_code, sent[1].parsed.status.value, sent[1].parsed.version],
    [sent[2].status_code, sent[2].parsed.error.code, sent[2].parsed.error.field],
]))
"""
_TYPESCRIPT: Final = """
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";

declare const process: { env: Record<string, string> };
const client = createClient<paths>({
  baseUrl: process.env.ADDRESS,
  headers: { authorization: `Bearer ${process.env.KEY}` },
});
const row = { external_id: "TS-1", title: "Aurelle tote, grey", price: "490.00", currency: "EUR" };
const found: unknown[] = [];
for (const [key, body] of [["ts-1", row], ["ts-1", row], ["ts-2", { ...row, price: "none" }]] as const) {
  const sent = await client.POST("/api/v1/listings", { params: { header: { "Idempotency-Key": key } }, body });
  if (sent.error) {
    found.push([sent.response.status, sent.error.error.code, sent.error.error.field]);
  } else if ("status" in sent.data) {
    found.push([sent.response.status, sent.data.status, sent.data.version]);
  }
}
console.log(JSON.stringify(found));
"""
_QUIET: Final = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
_EXPECTED: Final = [[201, "accepted", 1], [201, "accepted", 1], [422, "wrong_type", "price"]]


@pytest.fixture(scope="module")
def contract(touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as the command writes it."""
    path = tmp_path_factory.mktemp("contract") / "openapi.json"
    run(touchstone, "openapi", "--out", str(path))
    return path


@pytest.fixture(scope="module")
def node(contract: Path) -> Path:
    """A folder with the pinned Node tools; skipped with a reason where there is no Node for them."""
    npm, program = shutil.which("npm"), shutil.which("node")
    if npm is None or program is None:
        pytest.skip("Node is not installed")
    version = tuple(int(part) for part in re.findall(r"\d+", run(program, "--version"))[:2])
    if version < _LEAST_NODE:
        pytest.skip(f"Node {version} is older than {_LEAST_NODE}")
    shutil.copy(_REQUIREMENTS / "contract.json", contract.parent / "package.json")
    run(npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", at=contract.parent)
    return contract.parent


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Site:
    return a_populated_home(tmp_path / "home", migrated_sqlite)


@pytest.fixture
def service(touchstone: str, site: Site) -> Iterator[Service]:
    with a_service(touchstone, site.runtime.home.root) as running_service:
        yield running_service


def run(*command: str, at: Path | None = None, **more: str) -> str:
    """Run a tool and return what it prints."""
    done = subprocess.run(
        command, cwd=at, env=os.environ | more, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    return done.stdout


def tool(node: Path, name: str) -> str:
    return str(node / "node_modules" / ".bin" / name)


def test_the_linter_finds_no_error_in_the_contract(node: Path, contract: Path) -> None:
    printed = run(tool(node, "redocly"), "lint", str(contract), "--format", "json", at=node, **_QUIET)
    lint_report: dict[str, Any] = json.loads(printed)
    assert lint_report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


def test_a_typescript_client_sends_a_listing(node: Path, contract: Path, service: Service, site: Site) -> None:
    run(tool(node, "openapi-typescript"), str(contract), "-o", str(node / "contract.d.ts"), at=node)
    (node / "send.mts").write_text(_TYPESCRIPT, encoding="utf-8")
    options = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom")
    run(tool(node, "tsc"), *options, "send.mts", at=node)
    program = str(shutil.which("node"))
    assert json.loads(run(program, "send.mjs", at=node, ADDRESS=service.address, KEY=site.key)) == _EXPECTED


def test_a_python_client_sends_a_listing(contract: Path, service: Service, site: Site, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    uv = str(Path(sys.executable).with_name("uv"))
    run(uv, "venv", "--quiet", "--python", sys.executable, str(environment))
    python = str(environment / "bin" / "python")
    pinned = str(_REQUIREMENTS / "contract.txt")
    run(uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", pinned)
    generator = str(environment / "bin" / "openapi-python-client")
    folder = tmp_path / "client"
    folder.mkdir()
    run(
        *(generator, "generate", "--path", str(contract), "--meta", "none"),
        *("--output-path", str(folder / "touchstone_client")),
        PATH=f"{environment / 'bin'}:{os.environ['PATH']}",
    )
    printed = run(python, "-c", _PYTHON, at=folder, ADDRESS=service.address, KEY=site.key, PYTHONPATH=str(folder))
    assert json.loads(printed) == _EXPECTED
