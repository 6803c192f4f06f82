"""A service as an operator starts it, with a marketplace, open cases and models; and its pages alone."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from models.case import CaseLane
from serving.accounts.service import provisioning
from serving.composition import open_runtime
from serving.listings.service.intake import receive_rows
from serving.operations.service.housekeeping import refresh_references
from serving.platform.settings import Settings
from tests.fixtures.answering import answering_service
from tests.fixtures.clocks import TestClock
from tests.fixtures.receivers import mark_endpoint_proven
from tests.fixtures.runtimes import Site, a_case, a_row, a_suspect_row, populate
from tests.serving.web.reports import a_whole_report, add_model

UNDO_SECONDS: Final = 2
# Beside many busy processes.
_STARTS_WITHIN: Final = 100.0


def fill(home: Path, webhook_url: str, secret: str) -> Site:
    """A data directory with reference prices, three cases for analysts, two questions to Aurelle, and two models."""
    runtime = open_runtime(Settings(home=home, masked_score_share=0.0))
    try:
        site = populate(runtime, TestClock())
        provisioning.register_webhook(
            runtime, url=webhook_url, allow_loopback=True, marketplace=None, secret=secret, by="test"
        )
        mark_endpoint_proven(site)
        honest = [a_row(external_id=f"MP-{100 + i}", price=f"{470 + 5 * i}.00") for i in range(9)]
        receive_rows(runtime, site.marketplace, honest, source="test")
        refresh_references(runtime)
        for number, title in enumerate(("Aure11e Colline tote 1:1", "Сумка Аurеlle Colline люкс копия 1:1")):
            a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}", title=title, price=f"{80 + number}.00")
        for number in range(3):
            a_case(
                site,
                external_id=f"MP-{10 + number}",
                title=f"Au\u200bre11e Colline tote 1:1, lot {number} <script>alert(1)</script>\u202e",
                price=f"{300 - 100 * number}.00",
                list_price="540.00",
                image_link=["https://pictures.example/1.png"],
                link="https://evil.example/offer",
            )
        receive_rows(runtime, site.marketplace, [a_suspect_row(external_id="MP-10", price="250.00")], source="test")
        add_model(site, "b" * 64, a_whole_report(champion="c" * 64, failing=True))
    finally:
        runtime.close()
    return site


@contextmanager
def app_on_home(home: Path) -> Iterator[str]:
    """The application over a data directory of its own, without its jobs; answers can be undone for long."""
    runtime = open_runtime(Settings(home=home, undo_window_seconds=180), migrated=True)
    try:
        with answering_service(runtime) as address:
            yield address
    finally:
        runtime.close()


@contextmanager
def running_service(
    touchstone: str, home: Path, *, starts_within: float = _STARTS_WITHIN, more: Mapping[str, str] | None = None
) -> Iterator[str]:
    """`touchstone serve` on a free port for the length of the block, with `more` settings; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "HOME": str(home),
        "UNDO_WINDOW_SECONDS": str(UNDO_SECONDS),
        "SWEEP_SECONDS": "0.5",
        "QUEUE_POLL_SECONDS": "0.4",  # At the usual 0.1, polling takes a twentieth of a processor.
        **(more or {}),
    }
    environment = {**os.environ, **{f"TOUCHSTONE_{name}": setting for name, setting in settings.items()}}
    with (home / "serve.log").open("wb") as log:
        process = subprocess.Popen([touchstone, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_it_answers(process, address, home / "serve.log", starts_within)
            yield address
        finally:
            process.send_signal(
                signal.SIGKILL
            )  # The data directory is temporary; an orderly shutdown would take seconds.
            process.wait()
            while _is_answered(port):  # A fork ends after the process that stands for it.
                time.sleep(0.01)


def _is_answered(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/healthz", timeout=seconds).is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(log.read_text(encoding="utf-8", errors="replace")[-2000:])
