"""`touchstone demo`: start the children, play the marketplace, report, and stay to serve the pages."""

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from sqlalchemy import inspect

from models.errors import Conflict, DomainError
from serving.commands import kill_switches
from serving.commands.connection import connect
from serving.composition import open_runtime
from serving.demo.cast import Cast, create_cast, make_up_standings, register_rights
from serving.demo.children import Child, Children, free_port, wait_for_http, wait_for_port
from serving.demo.front import Front, SigningProgram
from serving.demo.large_reports import LargeReports, campaign_brands
from serving.demo.play import MATURITY, STEP, Play
from serving.demo.progress import ProgressLine
from serving.demo.report import demo_result, print_report
from serving.demo.reporting import Phone, enrol_phones, register_program
from serving.marketplaces.rules import AutomaticRule
from serving.operations.service.simulation import PLAY_FILE
from serving.platform.database.engine import read_only_engine
from serving.platform.home import DEFAULT_PORT, Home
from serving.platform.kernels.folder import KEY
from serving.platform.settings import ClockKind, Settings
from serving.reference_marketplace import DEFAULT_PORT as RECEIVER_PORT
from serving.reference_marketplace import EFFECTS, configuration, whole_lines
from training.simulation.synthetic import Settings as WorldSettings
from training.simulation.synthetic import World, build_world

CREDENTIALS: Final = "demo-credentials.json"
COPIES: Final = "demo-copies.txt"
# Fixed, because a seed fixes the whole run.
FIRST_DAY: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
# A second factor confirms once it is a day old.
_DAYS_BEFORE: Final = timedelta(days=2)
# The share of the history after which the first candidate is trained.
_FIRST_MODEL: Final = 0.4
# The listings of the last days arrive at once after the second candidate, so that a visitor has cases to decide.
_LEFT_WAITING: Final = timedelta(days=10)
_KEPT_ON_RESET: Final = {"cache", KEY}
# Undo windows close and checks of removals end within days; each move costs a sweep.
_SETTLING_STEP, _MOST_SETTLING_STEPS = timedelta(hours=8), 60
# The clock of a seed stands still between moves; a visitor's removals leave as on a clock that goes.
_TICK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of the command line."""

    listings: int
    unseen: int
    compare: bool
    days: int
    seed: int
    port: int | None
    reset: bool
    stay: bool
    json_file: Path | None


def run(home: Home, wish: DemoOptions) -> int:
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
        over, play = _earlier_result(home, wish), None
        if over is None:
            over, play = _play(home, wish, children, console)
        print_report(over)
        if wish.json_file is not None:
            wish.json_file.write_text(json.dumps(over, indent=2) + "\n", encoding="utf-8")
        if wish.stay:
            if play is None:
                _start_children(home, wish.port, {}, children)
                _show_sign_ins(home)
            _retrain_by_itself(home)
            _serve_until_interrupted(play, children, console)
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        children.stop()
    return 0


def _earlier_result(home: Home, wish: DemoOptions) -> dict[str, Any] | None:
    """The result of a finished play; None where there was none.

    Raises Conflict (the data directory or the database holds something else).
    """
    state, database_url = home.root / PLAY_FILE, Settings(home=home.root).database_url
    if not state.is_file():
        if database_url is not None and _holds_tables(database_url):
            raise Conflict("The database holds data already. Create an empty one for the demo.")
        if home.database.exists():
            raise Conflict(
                "{folder} holds other data. Use another TOUCHSTONE_HOME, or --reset to delete it.",
                folder=str(home.root),
            )
        return None
    known = json.loads(state.read_text(encoding="utf-8"))
    if known.get("in_data_directory", True) is not (database_url is None):
        raise Conflict(
            "{folder} holds a demo whose data is in another database. Use the same --database.", folder=str(home.root)
        )
    if known["result"] is None:
        raise Conflict(
            "{folder} holds a demo that did not end. --reset starts over; `touchstone serve` continues it.",
            folder=str(home.root),
        )
    if any(known.get(name) != getattr(wish, name) for name in ("listings", "days", "seed", "compare")):
        raise Conflict(
            "{folder} holds a demo of {n:,} listings over {days} days, seed {seed}, {with_or_without} --compare. "
            "--reset makes another.",
            folder=str(home.root),
            n=known["listings"],
            days=known["days"],
            seed=known["seed"],
            with_or_without="with" if known.get("compare") else "without",
        )
    earlier: dict[str, Any] = known["result"]
    return earlier


def _holds_tables(url: str) -> bool:
    engine = read_only_engine(url)
    try:
        with engine.connect() as connection:
            return bool(inspect(connection).get_table_names())
    finally:
        engine.dispose()


def _clear(home: Home) -> None:
    """Delete everything in the data directory except compiled kernels, if no process uses it."""
    with home.owned():
        for path in home.root.iterdir():
            if path == home.lock_file or path.name in _KEPT_ON_RESET:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    Home.at(home.root)


def _play(home: Home, wish: DemoOptions, children: Children, console: Console) -> tuple[dict[str, Any], Play]:
    with ProgressLine(console, wish.listings) as progress:
        progress.tell("making the marketplace", 0)
        settings = WorldSettings(listings=wish.listings, seed=wish.seed, start=FIRST_DAY, days=wish.days)
        world = build_world(settings)
        progress.total = len(world.sent)
        state: dict[str, Any] = {
            "listings": wish.listings,
            "days": wish.days,
            "seed": wish.seed,
            "compare": wish.compare,
            "in_data_directory": Settings(home=home.root).database_url is None,
        }
        state |= {"first_day": world.sent[0].at.isoformat(), "brand": campaign_brands(world)[0].brand.name}
        home.write_private(PLAY_FILE, {**state, "result": None})
        play, large = begin_play(home, world, wish, children, progress.tell)
        if wish.stay:
            _show_sign_ins(home)
        models = _play_history(play, world, large, home)
        figures = _settled_figures(play)
        states = large.states()
        if wish.compare:
            progress.tell("both models on unseen sellers", progress.total)
            _add_comparison(home, settings, models, wish.unseen, play.now)
    outcome = demo_result(figures, states, models, effects=len(whole_lines(home.root / EFFECTS)), seed=wish.seed)
    home.write_private(PLAY_FILE, {**state, "result": outcome})
    return outcome, play


def begin_play(
    home: Home, world: World, wish: DemoOptions, children: Children, tell: Callable[[str, int], None] = lambda *_: None
) -> tuple[Play, LargeReports]:
    """Create the marketplace and start its service, some days before the first listing."""
    begins = FIRST_DAY - _DAYS_BEFORE
    port = wish.port or free_port(DEFAULT_PORT)
    front = Front(f"http://127.0.0.1:{port}", Console(stderr=True).print)
    cast, phones, program = _create_cast(home, front, world, begins, wish.seed)
    tell("starting the service", 0)
    simulated = {"TOUCHSTONE_CLOCK_START": begins.isoformat(), "TOUCHSTONE_SEED": str(wish.seed)}
    _start_children(home, port, simulated, children)
    home.write_private(CREDENTIALS, cast.credentials)
    play = Play(cast, world, wish.seed, begins, tell, visitors=wish.stay)
    return play, LargeReports(play, phones, program, campaign_brands(world))


def _add_comparison(
    home: Home, settings: WorldSettings, models: list[dict[str, Any]], unseen: int, at: datetime
) -> None:
    """Add the figures of both models on sellers never sent."""
    from serving.demo.comparison import compare, load_trained_model  # noqa: PLC0415  # It brings scikit-learn: a second.

    figures = compare(
        settings, [load_trained_model(home, model["digest"]) for model in models], listings=unseen, as_of=at
    )
    for model, of_model in zip(models, figures, strict=True):
        model.update(of_model)


def _play_history(play: Play, world: World, large: LargeReports, home: Home) -> list[dict[str, Any]]:
    """The whole history with its two trainings, and the last listings; returns the candidates' figures.

    The scorecard goes on until a candidate passes its gates.
    """
    start, end = world.sent[0].at, world.sent[-1].at
    play.until(start + (end - start) * _FIRST_MODEL)
    play.until_it_can_learn(play.now)
    first = play.train("first model")
    play.until(end - _LEFT_WAITING)
    play.rest(MATURITY)
    retrained = play.train("retraining")
    copies = large.take_place()
    (home.root / COPIES).write_text("\n".join(copies) + "\n", encoding="utf-8")
    play.rest(3 * STEP)
    play.receive(max(end, play.now))
    return [first, retrained]


def _start_children(home: Home, port: int | None, simulated: Mapping[str, str], children: Children) -> None:
    """Start both children."""
    service_port = port or free_port(home.read_service().get("port") or DEFAULT_PORT)
    receiver = configuration(home, free_port(configuration(home, None)["port"]))
    children.start("reference-marketplace", ["reference-marketplace", "--port", str(receiver["port"])], {})
    # A demo takes minutes, and its removals must be sent in that time. Jobs of one thread end in their order.
    extra = {"TOUCHSTONE_CLOCK": "simulated", "TOUCHSTONE_RANDOM_DELAY_MINUTES": "0", "TOUCHSTONE_JOB_THREADS": "1"}
    extra |= {"TOUCHSTONE_ENCODER": "", **simulated}  # With one, its figures would depend on what is installed.
    service = children.start("serve", ["serve", "--port", str(service_port)], extra)
    wait_for_port(children.started[0], receiver["port"])
    wait_for_http(service, f"http://127.0.0.1:{service_port}/healthz")


def _create_cast(
    home: Home, front: Front, world: World, begins: datetime, seed: int
) -> tuple[Cast, dict[str, Phone], SigningProgram]:
    """The cast, the phones of those who confirm large reports, and the program of the first of their brands.

    They are made before the service owns the data directory.
    """
    receiver = configuration(home, free_port(RECEIVER_PORT))
    address = f"http://127.0.0.1:{receiver['port']}"
    settings = Settings(home=home.root, clock=ClockKind.SIMULATED, clock_start=begins, seed=seed)
    brands = campaign_brands(world)
    with connect(settings):
        cast = create_cast(
            front,
            world,
            brands[0].brand.brand_id,
            webhook_url=f"{address}/webhooks",
            status_url=f"{address}/listings/{{listing}}",
            webhook_secret=receiver["secret"],
        )
    confirming = [cast.brand_people[brand.brand.brand_id] for brand in brands]
    with Home.at(home.root).owned(), closing(open_runtime(settings)) as runtime:
        cast = replace(cast, marks=register_rights(runtime, world))
        make_up_standings(runtime, [brand.brand.name for brand in brands], begins)
        signing = confirming[0]
        program = register_program(runtime, front, (signing.email, signing.password), cast.second_person.email)
        phones = enrol_phones(runtime, [(person.email, person.password) for person in confirming])
    for person in confirming:
        person.second_factor = phones[person.email].recovery_code
    for row in cast.credentials:
        if row["user"] in phones:
            row["totp_secret"] = phones[row["user"]].secret
    return cast, phones, program


def _settled_figures(play: Play) -> dict[str, Any]:
    """The figures once nothing is in progress. The clock advances, so that undo windows close."""
    figures: dict[str, Any] = {}
    for _ in range(_MOST_SETTLING_STEPS):
        play.move_clock(play.now + _SETTLING_STEP)
        figures = play.cast.marketplace.call("GET", "/api/v1/figures")
        if figures["pending"] == 0 and figures["removal_checks"]["asked"] == 0:
            break
    return figures


def _retrain_by_itself(home: Home) -> None:
    """Switch automatic retraining on, which is off while the demo trains at fixed moments."""
    with connect(Settings(home=home.root)), suppress(DomainError):  # It is on if the demo stayed before.
        kill_switches.switch_on(AutomaticRule.RETRAINING, "The demo is over.")


def _show_sign_ins(home: Home) -> None:
    """Print the address and an account for each role."""
    port, out = home.read_service()["port"], Console()
    out.print(f"\nTouchstone answers at [bold]http://localhost:{port}[/bold]. Sign in as:")
    for sign_in in _first_of_each_role(json.loads((home.root / CREDENTIALS).read_text(encoding="utf-8"))):
        out.print(f"  {sign_in['role']:<16} {sign_in['user']:<44} {sign_in['password']}", highlight=False)
        if "totp_secret" in sign_in:
            secret = sign_in["totp_secret"]
            out.print(
                f"  {'':<16} with the codes of an authenticator app for {secret}, or of this command:", soft_wrap=True
            )
            out.print(
                f"  {'':<16} {sys.executable} -c 'import pyotp; print(pyotp.TOTP(\"{secret}\").now())'", soft_wrap=True
            )
    out.print(
        f"The brand is in good standing and may report many listings at once, such as those that {home.root / COPIES} "
        "names once the half year is over.",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"All accounts and the marketplace's API key: {home.root / CREDENTIALS}. Stop with Ctrl-C.", highlight=False
    )
    sys.stdout.flush()


def _serve_until_interrupted(play: Play | None, children: Children, console: Console) -> None:
    """Serve the pages until interrupted; the clock of a play goes on."""
    service: Child = children.started[-1]
    while play is not None and service.process.poll() is None:
        time.sleep(_TICK_SECONDS)
        with suppress(httpx.TransportError):
            play.tick(timedelta(seconds=_TICK_SECONDS))
    code = service.process.wait()
    console.print(f"The service ended with {code}: {service.last_words()}")


def _first_of_each_role(credentials: list[dict[str, str]]) -> list[dict[str, str]]:
    """The first account of each role."""
    first: dict[str, dict[str, str]] = {}
    for credential in credentials:
        first.setdefault(credential["role"], credential)
    return [credential for role, credential in first.items() if role != "api_key"]
