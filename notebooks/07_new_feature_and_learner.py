# %% [markdown]
# # 7 · A new feature and a new learner
#
# **How does an idea become part of a model?** This notebook tries two new features without touching the product, then
# puts another learner in the place of the forest and takes it from the fit to a score with reasons.
#
# All data are **simulated**. On your own rows the first part is one command:
#
#     touchstone evaluate listings.csv --format native --with mine.py
#     touchstone evaluate var/snapshots/<digest>.parquet --format snapshot --with mine.py

# %%
import re
import sys
from pathlib import Path
from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import Memory

import training
from features.compute import compute
from models.bundle import from_files
from models.learners import LEARNERS
from models.messages.english import in_english
from models.score import named_parts
from training.evaluate import metrics
from training.evaluate.comparison import difference
from training.evaluate.material import SnapshotMaterial
from training.evaluate.operating import choose_thresholds
from training.evaluate.tried import TriedFile, single_feature_figures, tried_columns
from training.fit.classifier import CounterfeitClassifier
from training.fit.forest import FITS
from training.frame import facts_frame
from training.plots import COUNTERFEIT, GENUINE, QUIET, STYLE
from training.runs.train_file import bundle_files
from training.simulation.arms import ARMS
from training.simulation.figures import run_until
from training.simulation.learning import true_labels
from training.simulation.market import Market
from training.simulation.simulate import START
from training.simulation.synthetic import Settings
from training.simulation.year import Year

LISTINGS = 1_200
plt.rcParams |= STYLE
pd.set_option("display.max_colwidth", 90)

market = Market(Settings(LISTINGS, seed=4, start=START, counterfeit_share=0.12))
year = run_until(Year(market, ARMS["exploration"], market.start, 0.2), until=market.months)
known = true_labels(year)
material = SnapshotMaterial(tuple(known.facts), known.labels, known.groups, np.ones(len(known.labels)))
print(f"{len(known.labels):,} listings, {known.labels.sum()} counterfeit, {len(set(known.groups))} sellers")

# %% [markdown]
# ## Two features in a file
#
# A feature is a function of `Evidence`: the frozen facts of a listing and the one reading of its text. Its first line
# says what it measures, and what is unknown stays missing. One of these two is an idea: a young account with a large
# assortment. The other is a placebo that cannot mean anything.

# %%
SOURCE = '''
"""Two features to try."""

import hashlib
import math

from features.spec import MISSING, Evidence


def seller_pace(e: Evidence) -> float:
    """Products of the seller for each day of its account, as a log."""
    seller = e.facts.listing.seller
    if seller.variety is None or seller.age_days is None:
        return MISSING
    return math.log((1 + seller.variety) / (1 + seller.age_days))


def placebo(e: Evidence) -> float:
    """A number made from the listing's id."""
    return hashlib.sha256(e.facts.listing.external_id.encode()).digest()[0] / 255
'''
tried = TriedFile("mine.py", SOURCE)
features = tried.features()
pd.DataFrame(
    {
        "meaning": tried.meaning,
        "known": f"{tried.known:.0%}",
        "ROC-AUC alone": f"{tried.roc_auc:.3f}",
        "leak": tried.leak or "none",
    }
    for tried in single_feature_figures(features, material)
).set_index(pd.Index([feature.name for feature in features], name="feature"))

# %%
columns = tried_columns(features, known.facts)
figure, panels = plt.subplots(1, 2, figsize=(9, 2.7))
for axes, feature, values in zip(panels, features, columns.T, strict=True):
    bins = np.histogram_bin_edges(values[~np.isnan(values)], 22)
    for label, colour, who in ((0, GENUINE, "genuine"), (1, COUNTERFEIT, "counterfeit")):
        axes.hist(values[known.labels == label], bins, density=True, alpha=0.6, color=colour, label=who)
    axes.set(yticks=[], xlabel=feature.meaning.rstrip("."), title=feature.name)
    axes.grid(visible=False)
panels[0].legend()
plt.show()

# %% [markdown]
# *What to see:* a feature that separates the groups alone need not help the model, which may know the same from others.
# Only a fit with the feature answers that.
#
# ## Does it help?
#
# Models with and without the feature in the same folds by seller, with three seeds, and the paired difference over
# resampled sellers and seeds. `touchstone evaluate --with` prints the same beside the peers.

# %%
SEEDS = range(3)
resampled = metrics.seller_bootstrap(known.groups, times=400, seed=0)


frame = Memory("var/notebooks", verbose=0).cache(facts_frame)(known.facts)


def out_of_fold(seed: int, **tried_values: np.ndarray) -> np.ndarray:
    """The scores of a model for sellers that it has not seen, with further columns."""
    rows = frame.assign(**tried_values)
    return CounterfeitClassifier(seed=seed).fit(rows, known.labels, groups=known.groups).out_of_fold_


plain = [out_of_fold(seed) for seed in SEEDS]
gains = {}
for feature, values in zip(features, columns.T, strict=True):
    pairs = [(out_of_fold(seed, **{feature.name: values}), plain[seed]) for seed in SEEDS]
    gains[feature.name] = difference(known.labels, pairs, resampled)

figure, axes = plt.subplots(figsize=(8, 1.8))
for place, gain in enumerate(gains.values()):
    axes.plot(gain["ap_interval"], [place, place], color=GENUINE, linewidth=6, alpha=0.3, solid_capstyle="round")
    axes.plot(gain["ap"], place, "o", color=GENUINE, markersize=8)
    axes.annotate(
        f"{gain['ap']:+.3f}", (gain["ap"], place), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9
    )
axes.axvline(0, color=QUIET, linewidth=1)
axes.set_yticks(range(len(gains)), list(gains))
axes.set(ylim=(-0.6, 1.7), xlabel="gain of average precision, with 95 % over sellers and seeds, paired")
axes.set_title("The model with the feature, less the model")
plt.show()
for name, gain in gains.items():
    low, high = gain["ap_interval"]
    verdict = "helps beyond chance" if low > 0 else "harms beyond chance" if high < 0 else "what chance can make"
    print(f"{name}: {verdict}; a gain from about {gain['ap_told_from_chance']:.3f} would show.")

# %% [markdown]
# *What to see:* the placebo tells how large a difference chance makes. An idea should clear it by far, on your own rows
# and with more repeats. A tried feature is not stored in a bundle. If it helps, it goes into the product in three
# files, with its unit, its meaning when missing, its words for reviewers and a test ([the
# recipe](../CONTRIBUTING.md#a-feature-3-files)).
#
# ## Another learner
#
# The forest reads numbers; another learner may take its place under the same features, gates, bundle and reasons.
# [docs/learners.md](../docs/learners.md) has the protocol and a complete example, logistic regression. Here the example
# is taken from that page and registered in this process. In the project it would be two modules and two lines.

# %%
page = (Path(training.__file__).parents[1] / "docs" / "learners.md").read_text(encoding="utf-8")
example = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
logistic = sys.modules["logistic"] = ModuleType("logistic")
exec(example, logistic.__dict__)  # noqa: S102  # a page of this repository
LEARNERS["logistic"], FITS["logistic"] = logistic.Logistic, logistic.fit_logistic

models = {
    name: CounterfeitClassifier(seed=0, learner=name).fit(frame, known.labels, groups=known.groups)
    for name in ("forest", "logistic")
}
precisions = {
    name: metrics.average_precisions(known.labels, classifier.out_of_fold_, resampled)
    for name, classifier in models.items()
}
for name, classifier in models.items():
    precision = metrics.average_precision(known.labels, classifier.out_of_fold_)
    low, high = metrics.central_interval(precisions[name])
    print(f"{name:>8}: average precision {precision:.3f} ({low:.3f} to {high:.3f})")
low, high = metrics.central_interval(precisions["logistic"] - precisions["forest"])
print(f"logistic less forest: {low:+.3f} to {high:+.3f} over sellers, paired")

# %%
chances = {
    name: classifier.model_.calibration.probabilities(classifier.out_of_fold_) for name, classifier in models.items()
}
figure, axes = plt.subplots(figsize=(4.8, 4.4))
for label, colour, who in ((0, GENUINE, "genuine"), (1, COUNTERFEIT, "counterfeit")):
    rows = known.labels == label
    axes.plot(chances["forest"][rows], chances["logistic"][rows], ".", color=colour, alpha=0.55, label=who)
axes.plot([0, 1], [0, 1], "--", color=QUIET, linewidth=1)
axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability with the forest", ylabel="probability with logistic regression")
axes.set_title("Each listing by both models, out of fold")
axes.legend()
plt.show()

# %% [markdown]
# *What to see:* both models share the text, so they agree on most listings. Orange points far from the diagonal are
# counterfeits that only one of them finds. They are the reason to look at features that the other one uses.
#
# ## To the bundle and back
#
# A bundle is text and arrays, never a pickle. It names its learner, and a service without that learner refuses it. The
# reasons of a score are the learner's contributions, and they add up to the score exactly.

# %%
model = models["logistic"]
files = bundle_files(
    model,
    choose_thresholds(known.labels, chances["logistic"], np.ones(len(known.labels))),
    known.facts,
    known.labels,
    known.groups,
    market.references(market.end),
)
bundle = from_files(files)
print(f"a bundle of {', '.join(sorted(files))}")
row = int(np.argmax(chances["logistic"]))
score = bundle.score_many([compute(known.facts[row])])[0]
print(f"\n{score.probability:.0%}  {known.facts[row].listing.title}")
for reason in named_parts(score.reasons):
    print(f"   {reason.weight:+.2f}  {in_english(reason.message)}")
total = sum(reason.weight for reason in score.reasons)
print(f"all parts, those without words included: {total:+.4f}; the score's log-odds: {score.value:+.4f}")

# %% [markdown]
# *What to see:* the explanation of another learner needs no extra work, because contributions are part of the protocol.
# A learner that cannot give them exactly cannot be added.
#
# To train with another learner: `touchstone train --data FILE` and `TOUCHSTONE_LEARNER`. Before it scores anything it
# passes the same gates as a forest ([3](03_training_and_promises.ipynb)).
