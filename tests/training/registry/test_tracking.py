"""A registry that is down, silent, or dies midway costs a training seconds, and never its bundle."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import pytest

from models.bundle import digest_of
from tests.benchmarks.pyfunc import WITHOUT, rows_per_second
from tests.fixtures.registered import a_free_port, an_mlflow_server
from tests.fixtures.trained import a_trained_bundle
from tests.serving.web.reports import a_report
from tests.training.test_job import REFUSED, ROWS, arguments, lines_of
from training.bundle_folder import read_bundle_folder, write_bundle_folder

_WITHIN_SECONDS: Final = 30.0
# The child with a limit of half a second, so that the test need not wait for the real one.
IMPATIENT: Final = """
import sys
from training.child import exit_now
from training.runs.job import main
from training.registry import tracking
tracking.LIMIT_SECONDS = 0.5
exit_now(main(sys.argv[1:]))
"""


def end_of_child(module: str, *command: str) -> tuple[int, dict[str, Any]]:
    """The exit code of a child and its last message; MLflow writes lines of its own beside a server."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", module, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        lines = [json.loads(line) for line in child.stdout if line.startswith(b"{")]
        return child.wait(), lines[-1]


@contextmanager
def a_silent_port() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def register(folder: Path, uri: str) -> list[str]:
    """The command that registers a bundle in a folder."""
    if not (folder / "bundle").exists():
        write_bundle_folder(folder / "bundle", a_trained_bundle(), {"report": a_report(judged=False)})
    return ["register", "--bundle", str(folder / "bundle"), "--model-name", "m", "--tracking-uri", uri]


def test_a_silent_server_is_given_up_with_a_sentence_that_tells_no_password(tmp_path: Path) -> None:
    with a_silent_port() as port:
        uri = f"http://lab:s5cret@127.0.0.1:{port}"
        code, lines = lines_of(["-c", IMPATIENT, *register(tmp_path, uri)])
    assert (code, lines[-1]["event"]) == (REFUSED, "refused")
    assert lines[-1]["sentence"] == f"MLflow at 127.0.0.1:{port} did not answer within 0.5 seconds."


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.parametrize("silent", [True, False], ids=["accepts and never answers", "refuses"])
def test_a_training_without_its_registry_ends_within_thirty_seconds_and_keeps_its_bundle(
    tmp_path: Path, silent: bool
) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(a_silent_port()) if silent else a_free_port()
        command = arguments(tmp_path, ROWS)
        command[command.index("--tracking-uri") + 1] = f"http://127.0.0.1:{port}"
        seen, trained_at = [], 0.0
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "training.runs.job", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            for text in child.stdout:
                seen.append(json.loads(text))
                trained_at = time.monotonic() if seen[-1]["event"] == "trained" else trained_at
            took = time.monotonic() - trained_at
            assert child.wait() == 0
    assert took < _WITHIN_SECONDS
    assert seen[-1]["event"] == "done"
    reason = "did not answer within 20 seconds." if silent else "failed: "
    assert f"MLflow at 127.0.0.1:{port} {reason}" in seen[-1]["not_tracked"]
    (trained,) = [line for line in seen if line["event"] == "trained"]
    assert digest_of(read_bundle_folder(Path(trained["folder"]))) == trained["digest"]


class InterruptedServer:
    """A relay to a server that kills it after a number of connections; until then it passes everything on."""

    def __init__(self, server: subprocess.Popen[bytes], target: int, connections: int) -> None:
        self._server, self._target, self._left = server, target, connections
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self._left -= 1
            if self._left == 0:
                os.killpg(self._server.pid, signal.SIGKILL)
                self._server.wait()
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            for source, other in ((client, server), (server, client)):
                threading.Thread(target=_relay, args=(source, other), daemon=True).start()


def _relay(source: socket.socket, other: socket.socket) -> None:
    try:
        while chunk := source.recv(65_536):
            # One request a connection, so that connections count requests.
            other.sendall(chunk.replace(b"Connection: keep-alive", b"Connection: close     "))
    except OSError:
        pass
    finally:
        source.close()
        other.close()


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("connections", [3, 9, 15])
def test_what_a_server_that_dies_midway_did_not_take_is_published_by_a_retry(tmp_path: Path, connections: int) -> None:
    port = a_free_port()
    with an_mlflow_server(tmp_path, port) as server, closing(InterruptedServer(server, port, connections)) as relay:
        code, last = end_of_child("training.runs.job", *register(tmp_path, f"http://127.0.0.1:{relay.port}"))
        assert server.poll() is not None, "it was killed"
    assert (code, last["event"]) == (REFUSED, "refused")
    assert last["sentence"].startswith(f"MLflow at 127.0.0.1:{relay.port} ")

    digest = digest_of(a_trained_bundle())
    publication = [
        *register(tmp_path, f"http://127.0.0.1:{port}")[1:],
        "--digest",
        digest,
        "--job-id",
        f"file:{digest}",
    ]
    with an_mlflow_server(tmp_path, port):
        ends = [end_of_child("training.runs.publication", *publication, "--champion") for _ in range(2)]
        assert [(code, last["event"]) for code, last in ends] == [(0, "done")] * 2
        assert ends[0] == ends[1], "the second finds what the first has done"
        api = f"http://127.0.0.1:{port}/api/2.0/mlflow"
        alias = httpx.get(f"{api}/registered-models/alias", params={"name": "m", "alias": "champion"}).json()
        assert alias["model_version"]["version"] == ends[0][1]["version"]
        tags = {tag["key"]: tag["value"] for tag in alias["model_version"]["tags"]}
        assert tags == {"touchstone.bundle_digest": digest}


# The rate at which the registered model answers a frame, beside the bound that we promise.

ROWS_A_SECOND: Final = 5_000


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_a_frame_is_answered_without_reasons_at_five_thousand_rows_a_second() -> None:
    assert median(rows_per_second(5)[WITHOUT]) >= ROWS_A_SECOND
