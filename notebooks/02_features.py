# %% [markdown]
# # 2 · Features
#
# **Can the features be trusted?** This notebook looks for values that are missing for a reason, for columns that leak
# the label, for the features that carry a model, and for those whose meaning moves with time.
#
# All data are **simulated**; on your own data replace the first cell by a snapshot ([notebook
# 6](06_error_analysis.ipynb) reads one).

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import Memory
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch

from features.compute import FEATURES, NAMES, family_columns
from features.spec import Family
from training.evaluate import metrics
from training.evaluate.drift import MOVED_FROM, MOVING_FROM, shifts
from training.evaluate.slices import slice_members
from training.fit.classifier import CounterfeitClassifier
from training.frame import facts_frame
from training.plots import COUNTERFEIT, GENUINE, GRID, PALETTE, QUIET, STYLE
from training.simulation.arms import ARMS
from training.simulation.figures import run_until
from training.simulation.learning import true_labels
from training.simulation.market import Market
from training.simulation.simulate import START
from training.simulation.synthetic import Settings
from training.simulation.year import Year
from training.snapshots.snapshot import SnapshotRefused
from training.snapshots.soundness import leaks, refuse_leaks

LISTINGS = 2_000
plt.rcParams |= STYLE

market = Market(Settings(listings=LISTINGS, seed=1, start=START, counterfeit_share=0.1))
year = run_until(Year(market, ARMS["exploration"], market.start, 0.25), until=market.months)
known = true_labels(year)
frame = Memory("var/notebooks", verbose=0).cache(facts_frame)(known.facts)
vectors, labels, groups = frame[list(NAMES)].to_numpy(), known.labels, known.groups
print(f"{len(labels):,} listings of {len(set(groups)):,} sellers, {labels.sum()} counterfeit; {len(NAMES)} features")

# %% [markdown]
# ## Missing values by group
#
# A value that is missing more often for counterfeits is a signal in itself, and often a fragile one: a form that
# becomes mandatory removes it. Each cell is the share of known values of a family of features in a slice of the
# listings.

# %%
slices = {name: rows for name, rows in slice_members(known.facts).items() if len(rows) >= LISTINGS // 12}
slices = dict(sorted(slices.items(), key=lambda pair: -len(pair[1]))[:12])
rows = {"all": np.arange(len(labels)), "genuine": np.flatnonzero(labels == 0), "counterfeit": np.flatnonzero(labels)}
coverage = pd.DataFrame(
    {
        name: {family.value: np.isfinite(vectors[np.ix_(chosen, family_columns(family))]).mean() for family in Family}
        for name, chosen in (rows | slices).items()
    }
).T
figure, axes = plt.subplots(figsize=(7.5, 5))
colours = LinearSegmentedColormap.from_list("known", ["#ffffff", GENUINE])
axes.imshow(coverage, cmap=colours, vmin=0, vmax=1, aspect="auto")
for y, x in np.ndindex(coverage.shape):
    share = coverage.iloc[y, x]
    axes.text(x, y, f"{share:.0%}", ha="center", va="center", fontsize=8, color="white" if share > 0.55 else "black")
axes.set_xticks(range(len(coverage.columns)), coverage.columns)
axes.set_yticks(range(len(coverage)), coverage.index)
axes.set_title("Share of known values, by slice and family")
axes.grid(visible=False)
axes.spines[:].set_visible(False)
axes.axhline(2.5, color=QUIET, linewidth=1)
plt.show()

# %% [markdown]
# *What to see:* the rows *genuine* and *counterfeit* should be nearly equal, since a source that sends nothing about
# one of them would teach the model its own gaps. Listings without a price reference or a description have fewer known
# values, and the model must cope: training repeats a part of the rows with whole families masked.
#
# ## A column that leaks the label
#
# The most expensive mistake is a column that was made from the answer. Training refuses a column that alone separates
# the classes, by its value or by its absence. Here the price of each counterfeit is deleted, as a clumsy export would.

# %%
damaged = vectors.copy()
damaged[labels == 1, NAMES.index("price_log")] = np.nan
print(f"honest columns that leak: {leaks(vectors, labels)}")
try:
    refuse_leaks(leaks(damaged, labels), accepted=())
except SnapshotRefused as refused:
    print(f"damaged: {refused}")

# %% [markdown]
# ## A split that leaks the seller
#
# The same model, judged out of fold twice. Folds by listing put listings of one seller on both sides. Folds by seller
# do not. Only the second says how the model treats a seller that it has never met.

# %%
by_split = {
    "folds by listing": CounterfeitClassifier(seed=0).fit(frame, labels, groups=np.arange(len(labels))),
    "folds by seller": CounterfeitClassifier(seed=0).fit(frame, labels, groups=groups),
}
resampled = metrics.seller_bootstrap(groups, times=300, seed=0)
scores_by_split = {name: model.out_of_fold_ for name, model in by_split.items()}
figure, axes = plt.subplots(figsize=(7.5, 1.9))
for place, scores in enumerate(scores_by_split.values()):
    low, high = metrics.central_interval(metrics.average_precisions(labels, scores, resampled))
    precision = metrics.average_precision(labels, scores)
    axes.plot([low, high], [place, place], color=PALETTE[place], linewidth=6, alpha=0.3, solid_capstyle="round")
    axes.plot(precision, place, "o", color=PALETTE[place], markersize=8)
    axes.annotate(
        f"{precision:.2f}", (precision, place), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9
    )
axes.axvline(labels.mean(), color=QUIET, linestyle="--", linewidth=1)
axes.annotate("chance", (labels.mean(), 1.45), xytext=(4, 0), textcoords="offset points", fontsize=8, color=QUIET)
axes.set_yticks(range(len(scores_by_split)), list(scores_by_split))
axes.set(xlim=(0, 1), ylim=(-0.6, 1.7), xlabel="average precision, with 95 % over sellers")
axes.set_title("The same model and rows, two ways to split them")
plt.show()

# %% [markdown]
# *What to see:* the split by listing flatters, because a model that recognises a seller need not understand the goods.
# Every figure of this project is by seller.
#
# ## What carries the model
#
# Two questions that are often confused. **How much do the scores move** with a feature: the mean size of its
# contribution to the log-odds. **What is lost without it**: the fall of average precision when a family is missing in
# training and scoring. A feature can move scores a lot and be replaceable.

# %%
model = by_split["folds by seller"]
parts = model.model_.contributions(vectors, [listing_facts.listing for listing_facts in known.facts])
sizes = pd.Series(np.abs(parts.features).mean(axis=0), NAMES)
sizes["text model"] = np.abs(parts.text).mean()
family = {feature.name: feature.family.value for feature in FEATURES} | {"text model": "text"}
top = sizes.sort_values().tail(15)

lost = {}
for signal_family in Family:
    without = frame.assign(**{NAMES[column]: np.nan for column in family_columns(signal_family)})
    other = CounterfeitClassifier(seed=0).fit(without, labels, groups=groups)
    ours, theirs = (
        metrics.average_precisions(labels, scores, resampled)
        for scores in (scores_by_split["folds by seller"], other.out_of_fold_)
    )
    lost[signal_family.value] = (
        metrics.average_precision(labels, scores_by_split["folds by seller"])
        - metrics.average_precision(labels, other.out_of_fold_),
        *metrics.central_interval(ours - theirs),
    )
lost = pd.DataFrame(lost, index=["lost", "low", "high"]).T.sort_values("lost")

colour = dict(zip([signal_family.value for signal_family in Family], PALETTE, strict=True))
figure, (left_axes, right_axes) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=(3, 2))
left_axes.barh(top.index, top, color=[colour[family[name]] for name in top.index])
left_axes.set(xlabel="mean size of the contribution, log-odds", title="What moves scores")
left_axes.grid(visible=False, axis="y")
left_axes.legend(
    handles=[Patch(color=shade, label=name) for name, shade in colour.items()], title="family", loc="lower right"
)
right_axes.hlines(
    lost.index, lost["low"], lost["high"], color=[colour[name] for name in lost.index], linewidth=6, alpha=0.3
)
right_axes.scatter(lost["lost"], lost.index, color=[colour[name] for name in lost.index], s=45, zorder=3)
right_axes.axvline(0, color=QUIET, linewidth=1)
right_axes.set(xlabel="average precision lost", title="What is missed when it is gone (95 % over sellers)")
plt.show()

# %% [markdown]
# *What to see:* an interval that includes zero means that these rows cannot show a loss. Families overlap: the price is
# also in the text ("90 % off"), and a new seller also has few sales.
#
# ## Does the importance depend on the draw?
#
# The mean contribution of the strongest features in models that were fitted on different halves of the sellers.

# %%
halves = []
for seed in range(4):
    chosen = np.isin(groups, np.random.default_rng(seed).permutation(np.unique(groups))[: len(np.unique(groups)) // 2])
    half = CounterfeitClassifier(seed=seed).fit(frame[chosen], labels[chosen], groups=groups[chosen])
    moved = half.model_.contributions(vectors, [listing_facts.listing for listing_facts in known.facts])
    halves.append(pd.Series([*np.abs(moved.features).mean(axis=0), np.abs(moved.text).mean()], [*NAMES, "text model"]))
spread = pd.DataFrame(halves)
strongest = spread.mean().sort_values().tail(15).index

figure, axes = plt.subplots(figsize=(8, 4))
axes.hlines(strongest, spread[strongest].min(), spread[strongest].max(), color=GRID, linewidth=5)
for values in halves:
    axes.plot(values[strongest], strongest, "o", color=GENUINE, markersize=4, alpha=0.7)
axes.set(xlim=(0, None), xlabel="mean size of the contribution, log-odds")
axes.set_title("Importance in four models, each fitted on another half of the sellers")
plt.show()
ranks = [set(values.sort_values().tail(10).index) for values in halves]
shared = np.mean([len(strongest_here & strongest_next) for strongest_here, strongest_next in pairwise(ranks)])
print(f"Two of these models share {shared:.0f} of their ten strongest features.")

# %% [markdown]
# *What to see:* the first few are the same in every model, and further down the order is chance. Do not remove a
# feature because one model did not use it.
#
# ## Does the meaning move with time?
#
# The population stability index compares two periods: the first half of the simulation with the second, and the last
# two quarters with each other. Below .1 a feature is stable, from .25 on it has moved. The grey marks are what chance
# alone gives for samples of this size.

# %%
quarters = np.array_split(vectors, 4)
early = shifts(NAMES, np.concatenate(quarters[:2]), np.concatenate(quarters[2:]))[:16][::-1]
late = {shift.name: shift for shift in shifts(NAMES, quarters[2], quarters[3])}
names = [shift.name for shift in early]
late = [late[name] for name in names]
moved = [max(shift.psi, 0.006) for shift in late]  # A logarithm has no zero.

figure, axes = plt.subplots(figsize=(8.5, 4.4))
axes.hlines(names, moved, [shift.psi for shift in early], color=GRID, linewidth=3, zorder=1)
axes.scatter([shift.psi for shift in early], names, color=GENUINE, s=42, label="first half and second half")
axes.scatter(moved, names, color=COUNTERFEIT, s=42, marker="D", label="third quarter and fourth")
axes.scatter(
    [shift.by_chance for shift in late], names, color=QUIET, s=90, marker="|", label="quarters, by chance alone"
)
for bound, words in ((MOVING_FROM, "review"), (MOVED_FROM, "retrain")):
    axes.axvline(bound, color=QUIET, linestyle="--", linewidth=1)
    axes.annotate(words, (bound, 15.7), xytext=(3, 0), textcoords="offset points", fontsize=8, color=QUIET)
axes.set(xscale="log", ylim=(-0.8, 16.6), xlabel="population stability index (log scale)")
axes.set_title("The sixteen features that moved most")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# *What to see:* sums over 90 days and counts of the past move most at first, because the record itself begins with the
# simulation. Once it is complete most of them calm down, and what still moves is what grows with the record, such as
# the days since a seller was first seen. A model that was trained in the first weeks of a service needs retraining for
# this reason alone. The service shows the same index on its page `/models/live`.
#
# Next: [3 · Training, calibration and promises](03_training_and_promises.ipynb).
