"""`touchstone demo`: start the children, play the marketplace, report, and stay to serve the pages."""

import json
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from models.errors import Conflict, DomainError
from serving.commands import kill_switches, people
from serving.commands.connection import connect
from serving.demo.cast import Cast, found
from serving.demo.children import Child, Children, free_port, wait_for_http, wait_for_port
from serving.demo.comparison import compare, trained
from serving.demo.front import Front
from serving.demo.large_reports import FULL_STANDING_COUNTS_AFTER, LargeReports, campaign_brands
from serving.demo.phones import Phone, enrol
from serving.demo.play import MATURITY, STEP, Play
from serving.demo.report import Learnt, result, show
from serving.marketplaces.rules import AutomaticRule
from serving.platform.home import DEFAULT_PORT, Home
from serving.platform.settings import ClockKind, Settings
from serving.reference_marketplace import DEFAULT_PORT as RECEIVER_PORT
from serving.reference_marketplace import EFFECTS, configuration, whole_lines
from training.synthetic import Settings as WorldSettings
from training.synthetic import World, build

STATE: Final = "demo.json"
CREDENTIALS: Final = "demo-credentials.json"
_DAYS_BEFORE_THEY_COULD_BE_CHOSEN: Final = 180
# The shares of the history after which the models are trained.
_FIRST_MODEL, _SECOND_MODEL = 0.4, 0.85
# The listings of the last days arrive at once after the cast has finished, so that a visitor has cases to decide.
_LEFT_WAITING: Final = timedelta(days=10)
# The days after the last listing, with a day to spare: labels mature, and large reports take place.
_DAYS_OF_THE_END: Final = 24 + FULL_STANDING_COUNTS_AFTER.days
_KEPT_ON_RESET: Final = "cache"
_SETTLES_WITHIN_SECONDS: Final = 120
# Jobs need real time: each check of a removal that has not ended when the clock moves is enqueued a second time.
_LOOKS_BETWEEN_MOVES: Final = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of the command line."""

    listings: int
    unseen: int
    days: int
    seed: int
    port: int | None
    reset: bool
    stay: bool
    json_file: Path | None


def run(home: Home, wish: Wish) -> int:
    """Play, or show the result of a finished play; returns the exit code.

    Raises Conflict (the data directory holds other data, or a play that did not end).
    """
    console = Console(stderr=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # Either signal also ends the children.
    if wish.reset:
        _clear(home)
    children = Children(home.root)
    try:
        over = _earlier(home, wish)
        found = over or _play(home, wish, children, console)
        show(found)
        if wish.json_file is not None:
            wish.json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        if wish.stay:
            if over is not None:
                _start(home, wish.port, None, children)
            _retrain_by_itself(home)
            _stay(home, children, console)
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        children.stop()
    return 0


def _earlier(home: Home, wish: Wish) -> dict[str, Any] | None:
    """The result of a finished play; None where there was none.

    Raises Conflict (the data directory holds something else).
    """
    state = home.root / STATE
    if not state.is_file():
        if home.database.exists():
            raise Conflict(
                "{folder} holds other data. Use another TOUCHSTONE_HOME, or --reset to delete it.",
                folder=str(home.root),
            )
        return None
    known = json.loads(state.read_text(encoding="utf-8"))
    if known["result"] is None:
        raise Conflict(
            "{folder} holds a demo that did not end. --reset starts over; `touchstone serve` continues it.",
            folder=str(home.root),
        )
    days = known.get("days", _DAYS_BEFORE_THEY_COULD_BE_CHOSEN)
    if (known["listings"], days, known["seed"]) != (wish.listings, wish.days, wish.seed):
        raise Conflict(
            "{folder} holds a demo of {n:,} listings over {days} days, seed {seed}. --reset makes another.",
            folder=str(home.root),
            n=known["listings"],
            days=days,
            seed=known["seed"],
        )
    earlier: dict[str, Any] = known["result"]
    return earlier


def _clear(home: Home) -> None:
    """Delete everything in the data directory except compiled kernels, if no process uses it."""
    with home.owned():
        for path in home.root.iterdir():
            if path == home.lock_file or path.name == _KEPT_ON_RESET:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    Home.at(home.root)


def _play(home: Home, wish: Wish, children: Children, console: Console) -> dict[str, Any]:
    home.write_private(STATE, {"listings": wish.listings, "days": wish.days, "seed": wish.seed, "result": None})
    start = datetime.now(UTC) - timedelta(days=wish.days + _DAYS_OF_THE_END)
    settings = WorldSettings(listings=wish.listings, seed=wish.seed, start=start, days=wish.days)
    with _progress(console) as progress:
        world = build(settings)
        port = wish.port or free_port(DEFAULT_PORT)
        front = Front(f"http://127.0.0.1:{port}", progress.console.print)
        cast, phones = _found(home, front, world, start)
        _start(home, port, start, children)
        home.write_private(CREDENTIALS, cast.credentials)
        play = Play(cast, world, wish.seed, lambda _n: None)
        large = LargeReports(play, phones)
        before, after = _history(play, world, progress, large)
        figures = _settle(play)
        states = large.states()
        _put_away(home, cast, phones)
        home.write_private(CREDENTIALS, cast.busiest_first())
        task = progress.add_task("both models on unseen sellers", total=None)
        models = [trained(home, model["digest"]) for model in (before, after)]
        compared = compare(settings, models, listings=wish.unseen, as_of=datetime.now(UTC))
        progress.update(task, total=1, completed=1)
    figures_of = [
        {"digest": model["digest"], **one, "accepted_with_reason": model["accepted_with_reason"]}
        for model, one in zip((before, after), compared, strict=True)
    ]
    learnt = Learnt(after["rows"], 2, figures_of[0], figures_of[1])
    found = result(figures, states, learnt, effects=len(whole_lines(home.root / EFFECTS)), seed=wish.seed)
    front.close()
    home.write_private(STATE, {"listings": wish.listings, "days": wish.days, "seed": wish.seed, "result": found})
    return found


def _history(
    play: Play, world: World, progress: Progress, large: LargeReports
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole history: the days of the scorecard, the first model and the second model, and the last listings."""
    start, end = world.sent[0].at, world.sent[-1].at
    length = end - start
    bar = progress.add_task("listings, starter scorecard", total=len(world.sent))
    play.progress = lambda done: progress.update(bar, completed=done)
    play.until_it_can_learn(start + length * _FIRST_MODEL)
    before = _train(play, progress, "first model")
    progress.update(bar, description="listings, first model")
    play.until(start + length * _SECOND_MODEL)
    play.rest(MATURITY)
    after = _train(play, progress, "retraining")
    progress.update(bar, description="listings, retrained model")
    play.until(end - _LEFT_WAITING)
    large.take_place()
    play.rest(3 * STEP)
    play.receive(max(end, play.now))
    return before, after


def _train(play: Play, progress: Progress, what: str) -> dict[str, Any]:
    task = progress.add_task(what, total=1.0)

    def tell(stage: str, share: float) -> None:
        progress.update(task, description=f"{what}: {stage}", completed=share)

    found = play.train_and_promote(tell)
    progress.update(task, description=what, completed=1.0)
    return found


def _start(home: Home, port: int | None, clock_start: datetime | None, children: Children) -> str:
    """Start both children; returns the service's address."""
    service_port = port or free_port(home.read_service().get("port") or DEFAULT_PORT)
    receiver = configuration(home, free_port(configuration(home, None)["port"]))
    children.start("reference-marketplace", ["reference-marketplace", "--port", str(receiver["port"])], {})
    # A demo takes minutes, and its removals must be sent in that time.
    extra = {"TOUCHSTONE_CLOCK": "simulated", "TOUCHSTONE_RANDOM_DELAY_MINUTES": "0"}
    if clock_start is not None:
        extra["TOUCHSTONE_CLOCK_START"] = clock_start.isoformat()
    service = children.start("serve", ["serve", "--port", str(service_port)], extra)
    wait_for_port(children.started[0], receiver["port"])
    address = f"http://127.0.0.1:{service_port}"
    wait_for_http(service, f"{address}/healthz")
    return address


def _found(home: Home, front: Front, world: World, start: datetime) -> tuple[Cast, dict[str, Phone]]:
    """The cast, and the phones of those who confirm large reports, before the service owns the data directory."""
    receiver = configuration(home, free_port(RECEIVER_PORT))
    address = f"http://127.0.0.1:{receiver['port']}"
    settings = Settings(home=home.root, clock=ClockKind.SIMULATED, clock_start=start)
    with connect(settings):
        cast = found(
            front,
            world,
            webhook_url=f"{address}/webhooks",
            status_url=f"{address}/listings/{{listing}}",
            webhook_secret=receiver["secret"],
        )
    confirming = [cast.brand_people[one.brand.brand_id] for one in campaign_brands(world)]
    phones = enrol(settings, [(one.email, one.password) for one in confirming])
    for one in confirming:
        one.second_factor = phones[one.email].recovery_code
    return cast, phones


def _put_away(home: Home, cast: Cast, phones: Mapping[str, Phone]) -> None:
    """Remove the second factors, so that a visitor signs in with the password alone."""
    with connect(Settings(home=home.root)):
        for person in cast.brand_people.values():
            if person.email in phones:
                people.reset_second_factor(person.email)
                person.second_factor = None
                person.signed_out()


def _settle(play: Play) -> dict[str, Any]:
    """The figures once nothing is in progress. The clock advances by hours, so that undo windows close."""
    until, looks = time.monotonic() + _SETTLES_WITHIN_SECONDS, 0
    while True:
        if looks % _LOOKS_BETWEEN_MOVES == 0:
            play.move_clock(play.now + timedelta(hours=1))
        time.sleep(0.2)
        looks += 1
        figures: dict[str, Any] = play.cast.marketplace.call("GET", "/api/v1/figures")
        if (figures["pending"] == 0 and figures["removal_checks"]["asked"] == 0) or time.monotonic() > until:
            return figures


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield progress


def _retrain_by_itself(home: Home) -> None:
    """Switch automatic retraining on, which is off while the demo trains at fixed moments."""
    with connect(Settings(home=home.root)), suppress(DomainError):  # It is on if the demo stayed before.
        kill_switches.switch_on(AutomaticRule.RETRAINING, "The demo is over.")


def _stay(home: Home, children: Children, console: Console) -> None:
    """Serve the pages until interrupted."""
    port = home.read_service()["port"]
    out = Console()
    out.print(f"\nTouchstone answers at [bold]http://127.0.0.1:{port}[/bold]. Sign in as:")
    for one in _shown(json.loads((home.root / CREDENTIALS).read_text(encoding="utf-8"))):
        out.print(f"  {one['role']:<16} {one['user']:<44} {one['password']}", highlight=False)
    out.print(
        f"All accounts and the marketplace's API key: {home.root / CREDENTIALS}. Stop with Ctrl-C.", highlight=False
    )
    service: Child = children.started[-1]
    code = service.process.wait()
    console.print(f"The service ended with {code}: {service.last_words()}")


def _shown(credentials: list[dict[str, str]]) -> list[dict[str, str]]:
    """The first account of each role."""
    first: dict[str, dict[str, str]] = {}
    for one in credentials:
        first.setdefault(one["role"], one)
    return [one for role, one in first.items() if role != "api_key"]
