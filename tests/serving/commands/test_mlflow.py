"""MLflow beside the service: `touchstone mlflow`."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.fixtures.registered import a_free_port
from tests.serving.commands.commands import REFUSED, touchstone_in


def test_runs_on_a_server_are_opened_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_MLFLOW_TRACKING_URI", "https://user:secret@mlflow.example/base")
    done = touchstone_in(tmp_path / "home", "mlflow")
    assert (done.code, done.out) == (REFUSED, "")
    assert done.err == "The runs are on an MLflow server: open https://mlflow.example/base\n"


@pytest.mark.soak
def test_mlflow_serves_the_data_directory_to_this_machine_until_it_is_interrupted(
    touchstone: str, tmp_path: Path
) -> None:
    home, port = tmp_path / "home", a_free_port()
    environment = {**os.environ, "TOUCHSTONE_HOME": str(home)}
    with (
        subprocess.Popen([touchstone, "mlflow", "--port", str(port)], env=environment, cwd=tmp_path) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until and server.poll() is None:
                with suppress(httpx.TransportError):
                    client.get("/health")
                    break
                time.sleep(0.2)
            created = client.post("/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}).json()
            telemetry = client.get("/ajax-api/3.0/mlflow/ui-telemetry").json()
            stranger = client.post("/api/2.0/mlflow/runs/create", json={}, headers={"host": "mlflow.example"})
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0
    assert created["run"]["info"]["artifact_uri"].startswith(f"{home / 'mlflow' / 'artifacts'}/0/")
    assert telemetry["disable_ui_telemetry"] is True
    assert stranger.status_code == httpx.codes.FORBIDDEN
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]
