"""The clients of docs/examples report to a service over HTTP, as a brand's own program would."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from serving.accounts.service.signing import network_hash
from serving.accounts.store import service_accounts
from serving.standing.rules.standing import Level
from tests.fixtures.answering import answering_service
from tests.fixtures.reporting import action_states, on_sale, right_of
from tests.fixtures.runtimes import Site
from tests.fixtures.signing import a_tool
from tests.fixtures.stepping_up import in_level, with_a_small_hour

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CLIENTS = {"report.py": sys.executable, "report.mjs": "node"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_reports_and_follows_its_report(site: Site, tmp_path: Path, client: str) -> None:
    site = with_a_small_hour(site)
    in_level(site, Level.SIGNED_VOLUME)
    tool, key_file, network = a_tool(site), tmp_path / "key.pem", network_hash(site.runtime, "127.0.0.1") or ""
    site.write(service_accounts.keep_network, tool.key_id, network, site.clock.now(), timedelta(days=28))
    key_file.write_bytes(tool.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    names = on_sale(site, 3)
    with answering_service(site.runtime) as address:
        command = [CLIENTS[client], str(EXAMPLES / client), address, tool.key_id, str(key_file), right_of(site), *names]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "decided" in done.stdout) == (0, True), done.stderr
    assert action_states(site) == {"scheduled": 3}
