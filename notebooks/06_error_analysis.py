# %% [markdown]
# # 6 · Error analysis and label audit
#
# **Where is the model wrong on your marketplace, and which labels deserve a second review?** This notebook reads a
# snapshot, lists the worst errors with their reasons, compares slices, and finds labels that the model doubts.
#
# Set `TOUCHSTONE_SNAPSHOT` to the file of a snapshot (`var/snapshots/*.parquet`) to read your own. Its outputs then
# hold texts of sellers, so do not commit them. Without it everything is **simulated**, and the audit can be checked
# against the truth.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from features.compute import NAMES, compute, matrix
from models.bundle import from_files
from models.messages.english import in_english
from models.policies.learning import DEFAULT_WEIGHTING
from models.score import named_parts
from training.evaluate import metrics
from training.evaluate.operating import choose_thresholds
from training.evaluate.slices import slice_members
from training.evaluate.splits import seller_groups
from training.evaluate.suspects import suspects
from training.fit.classifier import CounterfeitClassifier
from training.fit.weighting import represented_listings, training_weights, weight_caps
from training.frame import facts_frame
from training.plots import COUNTERFEIT, GENUINE, GRID, QUIET, STYLE
from training.runs.train_file import bundle_files
from training.simulation.arms import ARMS
from training.simulation.figures import run_until
from training.simulation.learning import snapshot_of
from training.simulation.market import Market
from training.simulation.simulate import START
from training.simulation.synthetic import Settings
from training.simulation.year import Year
from training.snapshots.snapshot import read_snapshot

LISTINGS = 4_000
plt.rcParams |= STYLE
pd.set_option("display.max_colwidth", 150)

truth = {}
if path := os.environ.get("TOUCHSTONE_SNAPSHOT"):
    snapshot = read_snapshot(Path(path))
else:
    market = Market(Settings(listings=LISTINGS, seed=3, start=START, days=240, counterfeit_share=0.1))
    year = run_until(Year(market, ARMS["exploration"], market.start, 0.33), until=market.months)
    snapshot = snapshot_of(year)
    truth = {case.offered.external_id: int(case.offered.truth.counterfeit) for case in year.cases}
rows, labels, facts = snapshot.rows, snapshot.labels, snapshot.facts()
groups = seller_groups([row.seller_cluster for row in rows])
weights = training_weights(rows, facts)
print(f"{len(rows):,} labelled listings of {len(set(groups)):,} sellers, {labels.sum()} counterfeit")

# %% [markdown]
# A labelled file works as well: `training.snapshots.labelled.load_labelled` reads it, and
# `training.snapshots.references.OfflineReferences` makes the facts ([docs/files.md](../docs/files.md)).
#
# ## Out-of-fold scores
#
# Errors are judged on scores of models that have not seen the listing's seller. A score of a row that the model was
# fitted on only shows what it memorised.

# %%
model = CounterfeitClassifier(seed=0).fit(facts_frame(facts), labels, groups=groups, sample_weight=weights.values)
probabilities = model.model_.calibration.probabilities(model.out_of_fold_)
thresholds = choose_thresholds(labels, probabilities, represented_listings(rows))
flagged = probabilities >= thresholds.analyst_from

bins = np.linspace(0, 1, 31)
figure, axes = plt.subplots(figsize=(8.5, 3))
axes.hist(probabilities[labels == 0], bins, color=GENUINE, alpha=0.7, label="labelled genuine")
axes.hist(probabilities[labels == 1], bins, color=COUNTERFEIT, alpha=0.7, label="labelled counterfeit")
axes.axvline(thresholds.analyst_from, color=QUIET, linestyle="--", linewidth=1.2)
axes.annotate(
    "to analysts",
    (thresholds.analyst_from, 0.95),
    xycoords=("data", "axes fraction"),
    xytext=(4, 0),
    textcoords="offset points",
    fontsize=8,
    color=QUIET,
    va="top",
)
axes.set(yscale="log", xlabel="probability of counterfeit, out of fold", ylabel="listings (log scale)")
axes.set_title("Scores by label")
axes.legend()
plt.show()
pd.crosstab(
    np.where(labels == 1, "labelled counterfeit", "labelled genuine"),
    np.where(flagged, "flagged", "not flagged"),
    rownames=[""],
    colnames=[""],
)

# %% [markdown]
# *What to see:* the errors of interest are the blue listings on the right and the orange ones on the left. Some of them
# are errors of the model, and some are errors of the label.
#
# ## The worst errors
#
# Genuine by their label with the highest scores, and counterfeit with the lowest, one per seller. The reasons are those
# of the final model.

# %%
bundle = from_files(bundle_files(model, thresholds, facts, labels, groups, snapshot.references))
order = np.argsort(-probabilities, kind="stable")


def worst(candidates: np.ndarray, most: int = 4) -> pd.DataFrame:
    """The first rows of different sellers, with their two strongest reasons."""
    _, first = np.unique(groups[candidates], return_index=True)
    chosen = candidates[np.sort(first)][:most]
    example_rows = []
    for row, score in zip(chosen, bundle.score_many([compute(facts[i]) for i in chosen]), strict=True):
        towards = 1 if labels[row] == 0 else -1
        reasons = [reason for reason in named_parts(score.reasons) if reason.weight * towards > 0][:2]
        example_rows.append(
            {
                "title": facts[row].listing.title,
                "probability": f"{probabilities[row]:.0%}",
                "evidence": rows[row].evidence_level,
                "reasons": " ".join(in_english(reason.message) for reason in reasons),
            }
        )
    return pd.DataFrame(example_rows)


worst(order[labels[order] == 0])

# %%
worst(order[::-1][labels[order[::-1]] == 1])

# %% [markdown]
# *What to see:* read these first. Ask of each whether a person with the same facts would decide otherwise. If so, a
# signal is missing ([notebook 7](07_new_feature_and_learner.ipynb) adds one). If not, suspect the label.
#
# ## Slices
#
# Recall and false alarms at the analyst threshold for each slice with enough rows. The lines are 95 % over resampled
# sellers: a slice is worth a look where its line leaves the dashed average.

# %%
resampled = metrics.seller_bootstrap(groups, times=400, seed=0)


def rate(chosen: np.ndarray) -> tuple[float, float, float]:
    """The flagged share of some rows with its interval over sellers."""
    counts = resampled[:, chosen]
    with np.errstate(invalid="ignore"):
        shares = (counts * flagged[chosen]).sum(axis=1) / counts.sum(axis=1)
    return float(flagged[chosen].mean()), *metrics.central_interval(shares)


slices = {
    name: chosen
    for name, chosen in slice_members(facts).items()
    if labels[chosen].sum() >= 12 and (1 - labels[chosen]).sum() >= 30
}
slices = dict(sorted(slices.items(), key=lambda pair: len(pair[1]))[-14:])
figure, panels = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True)
for axes, label, colour, words in (
    (panels[0], 1, COUNTERFEIT, "counterfeits that are flagged (recall)"),
    (panels[1], 0, GENUINE, "genuine listings that are flagged (false alarms)"),
):
    rates = np.array([rate(chosen[labels[chosen] == label]) for chosen in slices.values()])
    axes.hlines(list(slices), rates[:, 1], rates[:, 2], color=colour, linewidth=5, alpha=0.3)
    axes.plot(rates[:, 0], list(slices), "o", color=colour)
    axes.axvline(flagged[labels == label].mean(), color=QUIET, linestyle="--", linewidth=1)
    axes.set(xlim=(0, 1 if label else None), xlabel="share", title=words)
plt.show()

# %% [markdown]
# *What to see:* with a dozen slices one in twenty leaves the average by chance alone. A market, language or brand that
# stays out in two snapshots is a finding.
#
# ## What do missed counterfeits have in common
#
# For each feature: the probability that a missed counterfeit has a higher value than a found one. Half means no
# difference.

# %%
vectors = matrix(facts)
fakes = labels == 1
missed = (~flagged[fakes]).astype(np.int8)
differ = {}
for column, name in enumerate(NAMES):
    values = vectors[fakes, column]
    seen = ~np.isnan(values)
    if min(missed[seen].sum(), (1 - missed[seen]).sum()) >= 15:
        differ[name] = metrics.roc_auc(missed[seen], values[seen])
differ = pd.Series(differ).sort_values(key=lambda scores: (scores - 0.5).abs()).tail(12).sort_values()
figure, axes = plt.subplots(figsize=(8, 3.6))
axes.barh(differ.index, differ - 0.5, left=0.5, color=[GENUINE if score < 0.5 else COUNTERFEIT for score in differ])
axes.axvline(0.5, color=QUIET, linewidth=1)
axes.set(
    xlim=(0, 1),
    xlabel="probability that a missed counterfeit has the higher value",
    title="Missed and found counterfeits",
)
axes.grid(visible=False, axis="y")
plt.show()

# %% [markdown]
# *What to see:* bars to the right are higher among missed counterfeits, bars to the left lower. What points left is
# what gave the found ones away, such as earlier verdicts against their sellers. The missed ones lack it, so the next
# signal has to come from somewhere else.
#
# ## Labels that the model doubts
#
# Confident learning compares each label with the out-of-fold probability. Labels from appeals and test buys are left
# out, because there the model is more probably wrong. In the service the most doubtful labels go to a second reviewer
# who does not see the first answer.

# %%
doubted = suspects(rows, probabilities, weights.duplicates, most=120)
by_version = {row.version_id: i for i, row in enumerate(rows)}
pd.DataFrame(
    [
        {
            "title": facts[by_version[doubted_label.version_id]].listing.title,
            "label": "counterfeit" if doubted_label.label else "genuine",
            "evidence": doubted_label.evidence_level,
            "doubt": f"{doubted_label.doubt:.0%}",
            **({"in truth": "counterfeit" if truth[doubted_label.version_id] else "genuine"} if truth else {}),
        }
        for doubted_label in doubted[:8]
    ]
)

# %%
if truth:
    wrong = np.array([truth[row.version_id] != row.label for row in rows])
    hits = np.cumsum([wrong[by_version[doubted_label.version_id]] for doubted_label in doubted])
    figure, axes = plt.subplots(figsize=(7, 3.3))
    axes.plot(np.arange(1, len(hits) + 1), hits, color=COUNTERFEIT, label="most doubtful first")
    axes.plot([0, len(hits)], [0, len(hits) * wrong.mean()], "--", color=QUIET, label="labels at random")
    axes.set(
        xlabel="labels reviewed again", ylabel="wrong labels found", title="Is the audit worth its reviews? (simulated)"
    )
    axes.legend()
    plt.show()
    print(f"{wrong.sum()} of {len(rows):,} labels are wrong ({wrong.mean():.1%}).")
    print(f"{hits[-1]} are among the {len(hits)} doubted ({hits[-1] / len(hits):.0%}).")

# %% [markdown]
# *What to see:* the audit finds wrong labels several times as often as chance. Many doubted labels are right, and the
# model is wrong about them: a second review must be blind, and a doubted label is never changed by itself.
#
# ## Whose labels decide
#
# Each class of labels has a cap for the share of one source and one seller, applied to the weights in fitting. It
# limits what a single account can teach, whether by mistake or on purpose.

# %%
print({name: round(figure) if isinstance(figure, float) else figure for name, figure in weights.report.items()})
uncapped = np.minimum(
    np.array([row.weight for row in rows]) * represented_listings(rows), DEFAULT_WEIGHTING.most_weight
)
uncapped /= np.bincount(weights.duplicates)[weights.duplicates]
shown = [part for part in weight_caps(rows, facts, DEFAULT_WEIGHTING) if part.kind in {"source", "seller"}]
figure, panels = plt.subplots(1, len(shown), figsize=(11, 2.8))
for axes, part in zip(np.atleast_1d(panels), shown, strict=True):
    shares = [
        np.sort(part.totals(row_weights))[::-1][:8] / part.totals(row_weights).sum()
        for row_weights in (uncapped, weights.values)
    ]
    places = np.arange(len(shares[0]))
    axes.bar(places - 0.2, shares[0], 0.4, color=GRID, edgecolor=QUIET, linewidth=0.5, label="without caps")
    axes.bar(places + 0.2, shares[1], 0.4, color=GENUINE, label="in fitting")
    axes.axhline(part.share, color=COUNTERFEIT, linestyle="--", linewidth=1, label="cap")
    kind = "counterfeit" if labels[part.rows[0]] else "genuine"
    axes.set(xticks=[], xlabel=f"largest {part.kind}s", title=f"{kind} labels")
panels[0].set_ylabel("share of the weight")
panels[0].legend()
plt.show()

# %% [markdown]
# *What to see:* grey bars above the dashed line are sources or sellers with more say than the policy allows. Only the
# last cap holds exactly; a later cap removes weight and can lift an earlier group slightly.
#
# Next: [7 · A new feature and a new learner](07_new_feature_and_learner.ipynb).
