"""The command tune: a search for settings of the fit, and whether they are worth it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.cli.evaluation import FORMAT, LABELLED, interval, known_labelled_format, tell_left_out
from serving.commands.options import Figures, a_place_for_a_file, settings_with, write_json
from serving.commands.showing import complain, print_table, progress_bars, say
from serving.platform.progress import Progress

app = typer.Typer()


@app.command()
def tune(
    file: LABELLED,
    format_name: FORMAT,
    *,
    trials: Annotated[int, typer.Option(min=1, max=1_000, help="Trials of each search beside the defaults.")] = 20,
    folds: Annotated[int, typer.Option(min=2, max=10, help="Outer folds by seller, each with a search.")] = 5,
    minutes: Annotated[
        float, typer.Option(min=0, help="Time for all searches; a search that has no time left ends early.")
    ] = 60,
    seed: Annotated[int, typer.Option(min=0, help="The seed of folds, fits and searches.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(callback=a_place_for_a_file, help="File for the best settings, which `touchstone train` reads."),
    ] = None,
    json_file: Figures = None,
) -> None:
    """Search settings of the fit in nested cross-validation by seller. Ctrl-C ends it and shows what was found."""
    known_labelled_format(format_name)
    found = _searched(file, format_name, trials=trials, folds=folds, minutes=minutes, seed=seed)
    tell_left_out(found["refused"], found["unlabelled"])
    show_tuning(found)
    write_json(json_file, found)
    if out is not None and not found["settings"]:
        say("No settings were found better than the defaults, so no file is written.")
    elif out is not None:
        from training.fit_settings import FitSettings, as_file

        out.write_text(as_file(FitSettings.of(found["settings"])), encoding="utf-8")
        say(f"Settings in {out}, for `touchstone train --data FILE --settings {out}`.")


def _searched(file: Path, format_name: str, *, trials: int, folds: int, minutes: float, seed: int) -> Mapping[str, Any]:
    from serving.learning.service.publish import offline_registry
    from serving.learning.service.training_child import TUNING, run_child
    from serving.platform.home import Home

    settings = settings_with()
    home = Home.at(settings.home)
    arguments = {
        "--data": file,
        "--format": format_name,
        "--received-at": datetime.now(UTC).isoformat(),
        "--folds": folds,
        "--trials": trials,
        "--minutes": minutes,
        "--seed": seed,
        "--threads": settings.training_threads,
    }
    with progress_bars() as report:

        def advanced(line: Mapping[str, Any]) -> None:
            report(Progress(line["stage"], round(1000 * line["share"]), 1000))

        return run_child(
            TUNING,
            [*(str(word) for pair in arguments.items() for word in pair), *offline_registry(settings, home)],
            cache=home.cache,
            # The fits of the measurement, and trials that have begun, come on top of the time for searching.
            timeout_seconds=2 * 60 * minutes + settings.training_timeout_seconds,
            progress=advanced,
            interruptible=True,
        )


def show_tuning(found: Mapping[str, Any]) -> None:
    """Print the settings of each search, both settings on the outer folds, and a sentence about the difference."""
    searches = found["searches"]
    if searches:
        print_table(
            ("search", "trials", "pruned", "AP of defaults", "best AP"),
            [
                (name, str(one["trials"]), str(one["pruned"]), f"{one['default_ap']:.3f}", f"{one['best_ap']:.3f}")
                for name, one in searches.items()
            ],
            title=f"{found['rows']:,} rows, {found['positives']:,} counterfeit, {found['sellers']:,} sellers; "
            f"{found['inner_folds']} inner folds by seller in each search",
        )
        print_table(("setting", "default", "in the outer folds", "on all rows"), _settings(found))
    if "gain" in found:
        print_table(
            ("outer folds", "AP", "95 % over sellers"),
            [(name, f"{found[name]['ap']:.3f}", interval(found[name]["ap_interval"])) for name in ("default", "tuned")],
        )
    if found["interrupted"]:
        complain(f"Interrupted: {found['measured']:,} of {found['rows']:,} rows are measured.")
    say(verdict(found))
    if found["run_id"]:
        say(f"MLflow run {found['run_id']}, with a child run for each trial")
    if found["not_tracked"]:
        complain(found["not_tracked"])


def verdict(found: Mapping[str, Any]) -> str:
    """Whether tuning improves the model on sellers that the searches have not seen."""
    if "gain" not in found:
        return "No outer fold with both classes was measured, so nothing is known about the settings."
    gain = found["gain"]
    figures = f"{gain['ap']:+.3f} AP ({interval(gain['ap_interval'])} over sellers, paired)"
    low, high = gain["ap_interval"]
    if low is not None and low > 0:
        return f"Tuning improves the model on unseen sellers: {figures}, beyond chance."
    if high is not None and high < 0:
        return f"Tuning makes the model worse on unseen sellers: {figures}, beyond chance. Keep the defaults."
    return f"Tuning does not improve the model on unseen sellers beyond chance: {figures}. Keep the defaults."


def _settings(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each setting: the default, the range in the outer folds, and that of the search on all rows."""
    folds = [one["settings"] for name, one in found["searches"].items() if name != "all rows"]
    chosen = found["settings"]
    rows: list[tuple[str, ...]] = []
    for name, default in found["defaults"].items():
        values = [one.get(name, default) for one in folds]
        spread = f"{min(values):.3g} to {max(values):.3g}" if values else ""
        rows.append((name, f"{default:.3g}", spread, "" if chosen is None else f"{chosen.get(name, default):.3g}"))
    return rows
