"""The command reproduce: a recorded training, repeated and compared."""

from typing import Annotated, Any

import typer

from serving.commands.groups import app
from serving.commands.options import settings_with
from serving.commands.showing import EXIT_FAILED, progress_bar, say


@app.command()
def reproduce(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The id of an MLflow run, or a bundle's digest or its beginning.")
    ],
) -> None:
    """Train again what a run recorded, and compare the bundles. Nothing is registered or promoted."""
    found = _trained_again(run)
    if found["digest"] == found["recorded"]:
        say(f"Same digest {found['digest']} as run {found['run_id']}")
        say(f"  {one}" for one in found["differences"])
        return
    now = found["digest"] or "no bundle, because the snapshot was written for other features"
    say(f"Another digest: run {found['run_id']} has {found['recorded']}, now {now}")
    say(f"  {one}" for one in found["differences"] or ["no recorded input differs"])
    raise typer.Exit(EXIT_FAILED)


def _trained_again(run: str) -> dict[str, Any]:
    from serving.learning.service.publish import offline_registry
    from serving.learning.service.training_child import REPRODUCTION, run_child
    from serving.platform.home import Home

    settings = settings_with()
    home = Home.at(settings.home)
    arguments = ["--run", run, "--snapshots", str(home.snapshots), "--threads", str(settings.training_threads)]
    with progress_bar("training", 1.0) as move:
        return run_child(
            REPRODUCTION,
            [*arguments, *offline_registry(settings, home)],
            cache=home.cache,
            timeout_seconds=settings.training_timeout_seconds,
            progress=lambda line: move(line["share"]),
        )
