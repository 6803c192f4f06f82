"""Commands on trials: a model that scores beside the champion."""

from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from serving.accounts.rules.access import Permission
from serving.commands.declaring import command
from serving.commands.groups import trial
from serving.commands.registry import At, Who
from serving.commands.showing import print_table, say

TRIER: Final = Who("E-mail of the actor; a share needs as many people as a promotion.", Permission.PROMOTE_MODELS)
Share = Annotated[float, typer.Option(help="Share of sellers about whose listings it decides, from 0 to below 1.")]


@command(trial, "start", by=TRIER)
def start_trial(
    at: At,
    bundle: Annotated[str, typer.Argument(help="A model's digest or its beginning, or 'challenger'.")] = "challenger",
    share: Share = 0.0,
) -> str:
    """Let a model score every listing in parallel with the champion, and decide about a share of sellers."""
    from serving.learning.service.trial import start

    found = start(at.runtime, at.place, name=bundle, share=share, by=at.actor)
    return _on_trial(found.digest, found.share)


@command(trial, "share", by=TRIER)
def change_trial(
    at: At, share: Annotated[float, typer.Argument(help="Share of sellers about whose listings it decides.")]
) -> str:
    """Change the share of sellers about whose listings the model on trial decides."""
    from serving.learning.service.trial import change_share

    return _on_trial(change_share(at.runtime, at.place, share=share, by=at.actor).digest, share)


@command(trial, "end", by=TRIER)
def end_trial(at: At) -> str:
    """End the trial; the champion decides about all sellers again."""
    from serving.learning.service.trial import end

    return f"{end(at.runtime, at.place, by=at.actor).digest[:12]} is no longer on trial."


def _on_trial(digest: str, share: float) -> str:
    return f"{digest[:12]} is on trial and {f'decides about {share:.0%} of sellers' if share else 'only scores'}."


_FLAGGED: Final = {
    "both": "both",
    "the champion alone": "only_champion",
    "the challenger alone": "only_challenger",
    "neither": "neither",
}


def _print_trial(found: dict[str, Any] | None) -> None:
    if found is None:
        say("No model is on trial.")
        return
    say(_on_trial(found["digest"], found["share"]))
    rows = []
    for name, key in _FLAGGED.items():
        counts = [found[key][one] for one in ("listings", "counterfeit", "genuine")]
        rows.append((name, *(f"{n:,}" for n in (*counts, counts[0] - counts[1] - counts[2]))))
    headings = ("flagged by", "listings", "counterfeit", "genuine", "not known yet")
    print_table(headings, rows, title=f"Since {found['since'][:10]}")


@command(trial, "show", show=_print_trial)
def show_trial(at: At) -> dict[str, Any] | None:
    """Show what both models have flagged since the trial began, and the labels so far."""
    from serving.learning.service.trial import shown_so_far
    from serving.scoring.store.trials import open_trials

    with at.runtime.store.read() as connection:
        found = open_trials(connection, at.here)
        if not found:
            return None
        shown = asdict(shown_so_far(at.runtime, connection, found[0]))
    one = found[0]
    return {"digest": one.digest, "share": one.share, "since": one.started_at.isoformat(), **shown}
