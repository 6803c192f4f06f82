import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from serving.platform.home import Home
from serving.platform.outbound.line import Failure
from serving.reference_marketplace import DEFAULT_PORT, EFFECTS, Effects, configuration, whole_lines
from serving.webhooks.client import Delivery, Message, new_secret
from serving.webhooks.payloads import PAYLOADS
from tests.fixtures.sending import send_alone

RUN = """
import sys
from pathlib import Path
from serving.platform.home import Home
from serving.reference_marketplace import run
try:
    run(Home.at(Path(sys.argv[1])), int(sys.argv[2]), ready=lambda address: print(address, flush=True))
except Exception as error:
    print(f"{type(error).__name__}: {error}", flush=True)
"""


def message_data(*, listing: str = "MP-9", sequence: int = 1, action: str = "remove") -> dict[str, Any]:
    return {"action": action, "listing_external_id": listing, "sequence": sequence, "statement": {}}


def effects_of(home: Home) -> list[tuple[str, str, int]]:
    return [(line["listing"], line["action"], line["sequence"]) for line in whole_lines(home.root / EFFECTS)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path)


@pytest.fixture
def effects(home: Home) -> Iterator[Effects]:
    effects = Effects(home.root / EFFECTS)
    yield effects
    effects.close()


def test_a_message_has_its_effect_once_however_often_it_comes(home: Home, effects: Effects) -> None:
    assert [effects.apply("act_1", message_data()) for _ in range(5)] == [True, False, False, False, False]
    assert effects_of(home) == [("MP-9", "remove", 1)]


def test_what_was_applied_is_known_after_a_restart(home: Home, effects: Effects) -> None:
    effects.apply("act_1", message_data())
    effects.close()
    again = Effects(home.root / EFFECTS)
    assert not again.apply("act_1", message_data())
    assert again.apply("act_2", message_data(sequence=2, action="reinstate"))
    again.close()
    assert effects_of(home) == [("MP-9", "remove", 1), ("MP-9", "reinstate", 2)]


def test_a_removal_that_arrives_after_its_reinstatement_changes_nothing(home: Home, effects: Effects) -> None:
    assert effects.apply("act_2", message_data(sequence=2, action="reinstate"))
    assert not effects.apply("act_1", message_data(sequence=1))
    assert effects_of(home) == [("MP-9", "reinstate", 2)]


def test_the_order_is_kept_for_each_listing_by_itself(effects: Effects) -> None:
    assert effects.apply("act_2", message_data(sequence=2))
    assert effects.apply("act_1", message_data(listing="MP-10", sequence=1))


def test_accounts_are_kept_apart_from_listings_and_known_after_a_restart(home: Home, effects: Effects) -> None:
    about = {"action": "suspend", "seller_external_id": "MP-9", "sequence": 2, "statement": {}}
    assert effects.apply("sac_2", about, "seller")
    assert effects.apply("act_1", message_data()), "a listing of the same id has a sequence of its own"
    effects.close()
    again = Effects(home.root / EFFECTS)
    assert not again.apply("sac_1", {**about, "action": "restrict", "sequence": 1}, "seller")
    assert (again.account("MP-9"), again.account("s-8"), again.shown("MP-9")) == ("suspend", "restore", False)
    again.close()


def test_the_order_is_known_after_a_restart(home: Home, effects: Effects) -> None:
    effects.apply("act_2", message_data(sequence=2, action="reinstate"))
    effects.close()
    again = Effects(home.root / EFFECTS)
    assert not again.apply("act_1", message_data(sequence=1))
    again.close()


@pytest.mark.parametrize("bytes_left", [1, 20, -2, -1])
def test_a_line_that_a_kill_left_half_written_never_happened_and_harms_nothing(
    home: Home, effects: Effects, bytes_left: int
) -> None:
    """Its message was not acknowledged, so it comes again and has its effect then."""
    path = home.root / EFFECTS
    effects.apply("act_1", message_data())
    whole = path.read_bytes()
    effects.apply("act_2", message_data(listing="MP-10"))
    effects.close()
    torn = path.read_bytes()[len(whole) :][:bytes_left]
    path.write_bytes(whole + torn)
    again = Effects(path)
    assert not again.apply("act_1", message_data())
    assert again.apply("act_2", message_data(listing="MP-10"))
    again.close()
    assert effects_of(home) == [("MP-9", "remove", 1), ("MP-10", "remove", 1)]


def test_a_marketplace_that_never_heard_anything_has_no_effects(tmp_path: Path) -> None:
    assert whole_lines(tmp_path / EFFECTS) == []


def test_an_effect_is_in_the_file_before_it_is_acknowledged(home: Home, effects: Effects) -> None:
    effects.apply("act_1", message_data())
    assert (home.root / EFFECTS).read_bytes().endswith(b"}\n")


def test_the_file_is_for_its_owner_alone_whoever_made_the_folder(tmp_path: Path) -> None:
    Effects(tmp_path / EFFECTS).close()
    assert stat.S_IMODE((tmp_path / EFFECTS).stat().st_mode) == 0o600


def test_its_secret_is_made_once_and_for_its_owner_alone(home: Home) -> None:
    first, again = configuration(home, None), configuration(home, None)
    assert first == again
    assert first["port"] == DEFAULT_PORT
    assert first["secret"] != configuration(Home.at(home.root / "other"), None)["secret"]
    path = home.root / "reference-marketplace.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_port_that_was_chosen_is_kept_with_the_secret(home: Home) -> None:
    secret = configuration(home, None)["secret"]
    assert configuration(home, 9_001) == {"secret": secret, "port": 9_001}
    assert configuration(home, None) == {"secret": secret, "port": 9_001}


@pytest.fixture
def free_port() -> int:
    with socket.socket() as free_socket:
        free_socket.bind(("127.0.0.1", 0))
        return int(free_socket.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One that runs in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    secret: str

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """What it answers to anything at all."""
        with httpx.Client(trust_env=False) as client:
            return client.post(self.url, content=body, headers=headers).status_code

    def send(self, message: Message) -> Delivery | Failure:
        """Deliver as the service does."""
        return send_alone(message, self.url, self.secret, signed_at=datetime.now(UTC))


@contextmanager
def running_marketplace(home: Home, port: int) -> Iterator[Marketplace]:
    command = [sys.executable, "-c", RUN, str(home.root), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            yield Marketplace(
                process, address, json.loads((home.root / "reference-marketplace.json").read_text())["secret"]
            )
        finally:
            process.kill()


def a_removal(action_id: str = "act_1", **changes: Any) -> Message:
    sent = message_data(**changes) | {"action_id": action_id, "statement": {"decision": "Removed."}}
    return PAYLOADS[f"listing.{sent['action']}"].model_validate(sent).message(action_id, datetime.now(UTC))


def test_a_kill_between_two_deliveries_repeats_no_effect(home: Home, free_port: int) -> None:
    with running_marketplace(home, free_port) as marketplace:
        assert marketplace.send(a_removal()) == Delivery(204)
        marketplace.process.send_signal(signal.SIGKILL)
        marketplace.process.wait(10)
    with running_marketplace(home, free_port) as marketplace:
        assert marketplace.send(a_removal()) == Delivery(204)
        assert marketplace.send(a_removal("act_2", sequence=2, action="reinstate")) == Delivery(204)
    assert effects_of(home) == [("MP-9", "remove", 1), ("MP-9", "reinstate", 2)]


def test_only_what_we_signed_has_an_effect(home: Home, free_port: int) -> None:
    message = a_removal()

    def signed(secret: str, body: bytes, *, age: timedelta = timedelta(0)) -> dict[str, str]:
        at = datetime.now(UTC) - age
        return {
            "webhook-id": "act_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign("act_1", at, body.decode()),
        }

    with running_marketplace(home, free_port) as marketplace:
        right = signed(marketplace.secret, message.body)
        refused = {
            "another secret": (message.body, signed(new_secret(), message.body)),
            "an altered body": (message.body.replace(b"MP-9", b"MP-8"), right),
            "another id": (message.body, {**right, "webhook-id": "act_2"}),
            "an old message": (message.body, signed(marketplace.secret, message.body, age=timedelta(minutes=6))),
            "no signature": (message.body, {}),
            "half a signature": (message.body, {**right, "webhook-signature": "v1"}),
            "no base64": (message.body, {**right, "webhook-signature": "v1,a"}),
            "no text": (b"\xff", right),
        }
        answers = {why: marketplace.post(body, headers) for why, (body, headers) in refused.items()}
        assert answers == dict.fromkeys(refused, 401)
        assert marketplace.post(b"x" * 100_001, right) == 413
        assert marketplace.post(b"", right) == 413
        assert effects_of(home) == []
        assert marketplace.post(message.body, right) == 204
    assert effects_of(home) == [("MP-9", "remove", 1)]


def test_it_ends_when_it_is_told_to_and_its_port_is_free_again(home: Home, free_port: int) -> None:
    for _ in range(2):
        with running_marketplace(home, free_port) as marketplace:
            assert marketplace.url == f"http://127.0.0.1:{free_port}/webhooks"
            marketplace.process.send_signal(signal.SIGTERM)
            assert marketplace.process.wait(10) == 0


def test_a_port_that_is_taken_is_told_as_such(home: Home, free_port: int) -> None:
    with running_marketplace(home, free_port), running_marketplace(Home.at(home.root / "other"), free_port) as second:
        assert second.url.startswith(f"Invalid: Port {free_port} cannot be used")
        assert second.url.endswith("Choose another with --port.")
