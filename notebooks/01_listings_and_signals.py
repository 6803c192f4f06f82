# %% [markdown]
# # 1 · Listings and signals
#
# **What does a model see of a listing, and how much do single signals tell?** This notebook follows listings from the
# row that a marketplace sends to a first score with its reasons.
#
# All data are **simulated**: brands, sellers and counterfeits are invented, and no figure on this page is evidence of
# accuracy in production. [Notebook 5](05_real_benchmark.ipynb) measures real listings.
#
# Each notebook is a Python file in percent format with an executed copy beside it (`.ipynb`). `make notebooks` executes
# them all again.

# %%
from dataclasses import asdict

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve

from features.compute import FEATURES, NAMES, compute, matrix
from features.listing import Rejection, check
from features.spec import Side
from models.bundle import from_files
from models.messages.english import in_english
from models.score import named_parts
from training.evaluate import metrics
from training.evaluate.operating import choose_thresholds
from training.evaluate.splits import grouped_folds
from training.fit.classifier import CounterfeitClassifier
from training.frame import facts_frame
from training.plots import COUNTERFEIT, GENUINE, QUIET, STYLE
from training.runs.train_file import bundle_files
from training.simulation.arms import ARMS
from training.simulation.figures import run_until
from training.simulation.learning import true_labels
from training.simulation.market import Market
from training.simulation.simulate import START
from training.simulation.synthetic import Settings, build_world
from training.simulation.year import Year

LISTINGS = 2_500
plt.rcParams |= STYLE
pd.set_option("display.max_colwidth", 80)

# %% [markdown]
# ## A marketplace sends rows
#
# A listing is a row of fields: texts, price, counters, and what the marketplace knows of its seller. Every field but
# the id may be missing.

# %%
settings = Settings(listings=LISTINGS, seed=0, start=START, counterfeit_share=0.08)
world = build_world(settings)
fakes = [
    sent_listing.row
    for sent_listing in world.sent
    if sent_listing.row.get("language") == "en"
    and (truth := world.truth.get(sent_listing.row["external_id"]))
    and truth.counterfeit
]
example = min(fakes, key=lambda row: world.truth[row["external_id"]].kind != "obvious")
pd.Series({name: cell for name, cell in example.items() if not isinstance(cell, dict)}, name="cell").to_frame()

# %% [markdown]
# One function, `features.listing.check`, validates the rows of the API, of files and of this notebook. A row that it
# refuses goes to quarantine with a code and a sentence; no row is dropped silently.

# %%
checked = [check(sent_listing.row, received_at=sent_listing.at) for sent_listing in world.sent]
refused = [asdict(outcome) for outcome in checked if isinstance(outcome, Rejection)]
print(f"{len(checked):,} rows came in, and {len(refused)} were refused, such as these:")
pd.DataFrame(refused[:4])

# %% [markdown]
# ## Who sells counterfeits
#
# In the simulation honest sellers can look suspicious (outlets, second-hand goods, parallel imports), and some
# counterfeiters work carefully. Counterfeiters also sell genuine goods.

# %%
market = Market(settings)
year = run_until(Year(market, ARMS["exploration"], market.start), until=market.months)
truths = [case.offered.truth for case in year.cases]
kinds = pd.crosstab([truth.kind.replace("_", " ") for truth in truths], [truth.counterfeit for truth in truths])
kinds = kinds.loc[kinds.sum(axis=1).sort_values().index]

figure, axes = plt.subplots(figsize=(7.5, 3))
axes.barh(kinds.index, kinds[False], color=GENUINE, label="genuine")
axes.barh(kinds.index, kinds[True], left=kinds[False], color=COUNTERFEIT, label="counterfeit")
axes.set(xlabel="listings", title="Listings by the kind of their seller (simulated)")
axes.grid(visible=False, axis="y")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# *What to see:* counterfeits are rare, and almost all come from four kinds of sellers. A model never sees the kind.
#
# ## From facts to signals
#
# **Facts** are everything known about a listing at the moment of its arrival: the row itself, the brand register, price
# references, the seller's history and similar listings. A **feature** is a number that a pure function computes from
# facts. The registry holds what each number means, its unit, and what a missing value says. These are the signals of
# the first listing that speak against it, in the words that a reviewer reads.

# %%
known = true_labels(year)
vectors = matrix(known.facts)
example_features = compute(
    next(listing_facts for listing_facts in known.facts if listing_facts.listing.external_id == example["external_id"])
)
told_in_words = [
    {"feature": feature.name, "unit": feature.unit, "number": f"{number:.3g}", "in words": in_english(words)}
    for feature, number in zip(FEATURES, example_features.vector, strict=True)
    if not np.isnan(number)
    and feature.side(example_features.evidence, number) is Side.COUNTERFEIT
    and (words := feature.say(example_features.evidence, number)) is not None
]
pd.DataFrame(told_in_words)

# %% [markdown]
# ## Missing is not zero
#
# A value is missing when its source did not send it or when the number would have no meaning. The bars name the
# registry's reason; [notebook 2](02_features.ipynb) looks into missing values.

# %%
share = pd.Series((~np.isnan(vectors)).mean(axis=0), NAMES).sort_values()
reason = {feature.name: feature.missing.split(";")[0].split(", or ")[0] for feature in FEATURES}
shown = share.iloc[:: max(1, len(share) // 14)][:14]

figure, axes = plt.subplots(figsize=(8.5, 4.2))
axes.barh(shown.index, shown, color=GENUINE)
for place, (name, known_share) in enumerate(shown.items()):
    if known_share < 0.999:
        inside = known_share > 0.5
        axes.text(
            known_share - 0.01 if inside else known_share + 0.01,
            place,
            reason[name],
            va="center",
            ha="right" if inside else "left",
            fontsize=7,
            color="white" if inside else QUIET,
        )
axes.set(
    xlim=(0, 1), xlabel="share of listings with a known value", title="Every eighth feature, and why it is missing"
)
axes.grid(visible=False, axis="y")
plt.show()

# %% [markdown]
# *What to see:* some signals exist for a small part of the listings only, such as those that need earlier verdicts. The
# learner gets missing values as they are.
#
# ## Four signals
#
# Each panel has the two groups scaled to the same area.

# %%
units = {feature.name: feature.unit for feature in FEATURES}
columns = {name: vectors[:, number] for number, name in enumerate(NAMES)}
figure, panels = plt.subplots(1, 4, figsize=(11, 2.9))
for axes, name in zip(
    panels, ("price_to_brand_category", "seller_age", "text_description_words", "item_photos"), strict=True
):
    values = columns[name]
    bins = np.histogram_bin_edges(values[~np.isnan(values)], 24)
    for label, colour, who in ((0, GENUINE, "genuine"), (1, COUNTERFEIT, "counterfeit")):
        axes.hist(values[known.labels == label], bins, density=True, alpha=0.6, color=colour, label=who)
    axes.set(yticks=[], xlabel=units[name], title=name)
    axes.grid(visible=False)
panels[0].legend()
plt.show()

# %% [markdown]
# *What to see:* counterfeits tend to be cheaper and their sellers newer, and the groups overlap everywhere. A rule such
# as "cheap means counterfeit" would accuse every outlet.
#
# ## How good is a single signal?
#
# Average precision of each signal as a score, in its better direction. The line is chance: the share of counterfeits.
# Bars are 95 % intervals over resampled sellers, because listings of one seller resemble each other.

# %%
resampled = metrics.seller_bootstrap(known.groups, times=100, seed=0)


def as_score(values: np.ndarray) -> np.ndarray:
    """A signal as a score, in its better direction; a missing value has the lowest score."""
    both = [np.where(np.isnan(values), -1e9, sign * values) for sign in (1, -1)]
    return max(both, key=lambda score: metrics.average_precision(known.labels, score))


alone = pd.Series({name: metrics.average_precision(known.labels, as_score(values)) for name, values in columns.items()})
best = alone.sort_values(ascending=False).head(12)[::-1]
ends = np.array(
    [
        metrics.central_interval(metrics.average_precisions(known.labels, as_score(columns[name]), resampled))
        for name in best.index
    ]
)
figure, axes = plt.subplots(figsize=(8, 3.8))
axes.barh(best.index, best, color=GENUINE, alpha=0.85)
axes.hlines(best.index, ends[:, 0], ends[:, 1], color=QUIET, linewidth=1.5)
axes.axvline(known.labels.mean(), color=COUNTERFEIT, linestyle="--", label="chance")
axes.set(xlabel="average precision", xlim=(0, None), title="The twelve best single signals, with 95 % over sellers")
axes.grid(visible=False, axis="y")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# *What to see:* no signal decides alone. The intervals are wide, so the order of neighbours is no result.
#
# ## All signals together
#
# The classifier joins a forest over the features with a text model and calibrates the result. It is fitted here on half
# of the sellers and judged on the other half. Splitting by listing would let it recognise sellers; [notebook
# 2](02_features.ipynb) shows by how much that flatters.

# %%
train, test = next(grouped_folds(known.labels, known.groups, folds=2, seed=0))
frame = facts_frame(known.facts)
classifier = CounterfeitClassifier(seed=0).fit(frame.iloc[train], known.labels[train], groups=known.groups[train])
probabilities = classifier.predict_proba(frame.iloc[test])[:, 1]
facts = np.array(known.facts, dtype=object)
labels = known.labels[test]

figure, (left_axes, right_axes) = plt.subplots(1, 2, figsize=(10, 3.6))
curves = {
    "all signals": (probabilities, COUNTERFEIT),
    f"best signal alone: {best.index[-1]}": (as_score(columns[best.index[-1]])[test], GENUINE),
}
for name, (score, colour) in curves.items():
    precision, recall, _ = precision_recall_curve(labels, score)
    left_axes.plot(recall, precision, color=colour, label=f"{name} ({metrics.average_precision(labels, score):.2f})")
left_axes.axhline(labels.mean(), color=QUIET, linestyle="--", linewidth=1, label="chance")
left_axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02), title="Unseen sellers (average precision)")
left_axes.legend()
bins = np.linspace(0, 1, 26)
right_axes.hist(
    [probabilities[labels == 0], probabilities[labels == 1]], bins, stacked=True, color=[GENUINE, COUNTERFEIT]
)
right_axes.set(yscale="log", xlabel="probability of counterfeit", ylabel="listings (log scale)", title="Scores")
right_axes.legend(["genuine", "counterfeit"])
plt.show()

# %% [markdown]
# *What to see:* the signals together are far better than the best one, and still no threshold separates the groups. A
# score therefore sends a listing to a person and never removes it.
#
# ## Reasons
#
# Every score that a person sees has reasons, and their weights add up to it. Hard evidence comes first, without a
# weight. These are the three highest scores among the unseen sellers.

# %%
out_of_fold = classifier.model_.calibration.probabilities(classifier.out_of_fold_)
bundle = from_files(
    bundle_files(
        classifier,
        choose_thresholds(known.labels[train], out_of_fold, np.ones(len(train))),
        list(facts[train]),
        known.labels[train],
        known.groups[train],
        market.references(market.end),
    )
)
top = test[np.argsort(-probabilities, kind="stable")[:3]]
for row, score in zip(top, bundle.score_many([compute(facts[i]) for i in top]), strict=True):
    listing, truth = facts[row].listing, "counterfeit" if known.labels[row] else "genuine"
    print(f"{score.probability:.0%}  {listing.title} · {listing.price} {listing.currency} · in truth {truth}")
    for evidence in score.evidence:
        print(f"          {in_english(evidence)}")
    for reason_ in named_parts(score.reasons)[:4]:
        print(f"   {reason_.weight:+.2f}  {in_english(reason_.message)}")
    print()

# %% [markdown]
# Next: [2 · Features](02_features.ipynb) examines the signals, [3 · Training](03_training_and_promises.ipynb) the
# model. The terms are in [docs/concepts.md](../docs/concepts.md), all features in
# [docs/features.md](../docs/features.md).
