"""A model card in Markdown: the model, its training data, its evaluation, and its limits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from training.evaluate.comparison import comparable_figures, why_not_comparable
from training.evaluate.operating import promise_in_words


def model_card(report: Mapping[str, Any], digest: str) -> str:
    """The card of one bundle, from its report."""
    judged = comparable_figures(report["judged"])
    lines = [
        f"# Counterfeit classifier {digest[:12]}",
        "",
        "Calibrated probability that a listing is counterfeit, from price, seller history and text.",
        "",
        "## Data",
        (
            f"* Snapshot `{report['snapshot']}`: {report['rows']:,} labelled listing versions of {report['sellers']:,} "
            f"sellers, {report['positives']:,} of them counterfeit."
        ),
        f"* Evidence: {_counts_text(report['evidence_levels'])}. Lanes: {_counts_text(report['lanes'])}.",
        "* Labels exist only for reviewed listings; each row is weighted by its probability of a review.",
        *([_weights_line(report["weights"])] if "weights" in report else []),
        "",
        "## Model",
        (
            f"* LightGBM on {report['feature_count']} documented features and a hashed n-gram text model, joined by "
            f"`{report['join']}`, calibrated by `{report['calibration']}` on out-of-fold scores by seller."
        ),
        *(
            ["* The points of the starter scorecard are added, weighed by the labels."]
            if report.get("points_weight")
            else []
        ),
        *([_settings_line(report["settings"])] if report.get("settings") else []),
        *([_second_stage_line(report["second_stage"])] if report.get("second_stage") else []),
        (
            f"* Thresholds: ask the brand from {report['thresholds']['ask_brand_from']:.3f}, analyst from "
            f"{report['thresholds']['analyst_from']:.3f}. They are point estimates, not bounds."
        ),
        *(f"* {promise_in_words(promise)}" for promise in report.get("promises", ())),
        "",
        "## Judged on later listings of unseen sellers",
        *_judged_lines(judged),
        "",
        "## Gates",
        *_gate_lines(report["gates"]),
        "",
        "## Use and limits",
        "* Decides who reviews a listing. It never removes a listing; only a person's verdict does.",
        "* No seller, brand or reporter id is a feature. Sellers adapt; retrain from fresh verdicts.",
        "* Do not use it to judge people, or for goods or languages absent from the data above.",
    ]
    return "\n".join(lines) + "\n"


def _weights_line(weights: Mapping[str, Any]) -> str:
    groups = ", ".join(f"{n:,} {kind}{'' if n == 1 else 's'}" for kind, n in weights["capped"].items() if n)
    return (
        f"* {weights['near_duplicates']:,} rows are near-duplicates of a seller and share the weight of one. Capped "
        f"at their share of the weight: {groups or 'none'}. Effective sample size {weights['effective_n']:,.0f} rows."
    )


def _settings_line(settings: Mapping[str, float]) -> str:
    return f"* Settings given by a person: {', '.join(f'{name} {setting:g}' for name, setting in settings.items())}."


def _second_stage_line(stage: Mapping[str, Any]) -> str:
    low, high = stage["gain"]["ap_interval"]
    return (
        f"* Second score on listings just below the threshold by `{stage['encoder']}`, which reads the title: out of "
        f"fold {_format_figure(stage['gain']['ap'])} more average precision (95 % by seller {_format_figure(low)} to "
        f"{_format_figure(high)})."
    )


_WORDS: Final = {"passed": "pass", "failed": "FAIL", "not_judged": "not judged"}


def _gate_lines(gates: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for gate in gates:
        yield f"* {_WORDS[gate['state']]} {gate['name']}: {gate['sentence']}"
        yield from (f"  * {_WORDS[part['state']]} {part['name']}: {part['sentence']}" for part in gate["parts"])


def _judged_lines(judged: Mapping[str, Any]) -> list[str]:
    if "candidate" not in judged:
        return [f"* Not judged: {judged['why']}"]
    figures, bare = judged["candidate"], judged["only_text_and_price"]
    low, high = figures["ap_interval"]
    lines = [
        f"* {judged['rows']:,} listings, {judged['positives']:,} counterfeit, {judged['sellers']:,} sellers.",
        (
            f"* Average precision {_format_figure(figures['ap'])} "
            f"(95 % by seller {_format_figure(low)} to {_format_figure(high)}), ROC-AUC "
            f"{_format_figure(figures['roc_auc'])}, calibration error {_format_figure(figures['calibration_error'])}."
        ),
        f"* With only title, description, brand, category and price: average precision {_format_figure(bare['ap'])}.",
    ]
    if why := why_not_comparable(judged):
        lines.append(f"* {why}")
    if theirs := judged.get("champion"):
        lines.append(f"* Champion {theirs['digest'][:12]}: average precision {_format_figure(theirs['ap'])}.")
    if peers := judged.get("peers"):
        lines.append(_fair_peer_line(peers))
    return [*lines, _random_slice_line(judged)]


def _fair_peer_line(peers: Mapping[str, Any]) -> str:
    low, high = peers["difference_interval"]
    fitted, known = peers["fitted"], peers["known"]
    sampled = "" if fitted >= known else f", which learnt {fitted:,} of {known:,} rows"
    return (
        f"* Fair peer{sampled}: average precision {_format_figure(peers['figures']['fair_peer']['ap'])}; difference "
        f"{_format_figure(peers['difference'])} (95 % by seller {_format_figure(low)} to {_format_figure(high)})."
    )


def _random_slice_line(judged: Mapping[str, Any]) -> str:
    size, figures = judged["random_slice"], judged["candidate"]["random_slice"]
    beside = (
        f", the champion {_format_figure(judged['champion']['random_slice']['ap'])}" if "champion" in judged else ""
    )
    return (
        f"* Weighted to the {size['listings']:,.0f} listings that these represent, {size['drawn']:,} of them sampled "
        f"at random: average precision {_format_figure(figures['ap'])}{beside}; effective sample size "
        f"{figures['effective_n']:,.0f} rows."
    )


def _counts_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counts.items())


def _format_figure(figure: float | None) -> str:
    return "unknown" if figure is None else f"{figure:.3f}"
