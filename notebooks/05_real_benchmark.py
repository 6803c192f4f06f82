# %% [markdown]
# # 5 · The real benchmark, with a fair peer
#
# **How good is Touchstone on real listings, and is it better than what a competent colleague builds in a day?** This
# notebook cross-validates on the public sample of Ozon's E-CUP 2025 task and compares with peers that were fixed in
# advance.
#
# The data are not part of the project. Where `TOUCHSTONE_DATASETS` names the folder that holds them, this notebook
# reads them and prints aggregate figures only, no row, title or seller. Elsewhere it runs on simulated listings and
# says so. The same figures with more repeats:
#
#     touchstone evaluate train_sample.csv --format ozon-ecup --repeats 20

# %%
import os
from datetime import UTC, datetime
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_curve

from training.evaluate.cross_validation import MODEL, cross_validate, summarise
from training.evaluate.material import FileMaterial, LabelledListings
from training.plots import COUNTERFEIT, GENUINE, PALETTE, QUIET, STYLE
from training.simulation.simulate import START
from training.simulation.synthetic import Settings, evaluation_set
from training.snapshots.labelled import load_labelled

REPEATS = 2
plt.rcParams |= STYLE
NOW = datetime(2026, 1, 1, tzinfo=UTC)

sample = Path(os.environ.get("TOUCHSTONE_DATASETS", "../shared/datasets")) / "ozon_ecup" / "train_sample.csv"
if sample.is_file():
    what, labelled = "real listings of Ozon E-CUP 2025", load_labelled(sample, "ozon-ecup", received_at=NOW).labelled
else:
    what, labelled = (
        "simulated listings",
        LabelledListings(*evaluation_set(Settings(500, 0, START, counterfeit_share=0.1), 500)),
    )
material = FileMaterial(labelled, (), NOW, "ozon-ecup")
print(f"{len(labelled.labels)} {what}, {labelled.labels.sum()} counterfeit, {len(set(labelled.groups))} sellers")

# %% [markdown]
# ## Everything is fitted in the fold
#
# Five folds by seller, repeated with other seeds. In each fold price references, features, text model, the weight of
# the text and the calibration come from the training rows alone, and so do all parts of the peers.
#
# | method | what it is |
# | --- | --- |
# | Touchstone | forest over the features, joined with the text model |
# | forest alone, text alone | its two parts |
# | fair peer | a TF-IDF vocabulary for each text field, rank-averaged with LightGBM on the raw numbers |
# | rank average | one character TF-IDF with logistic regression, rank-averaged with LightGBM |
# | best signal | the one feature that sorts the training rows best |

# %%
repeats = cross_validate(material, repeats=REPEATS)
summary = summarise(material, repeats)

WORDS = {
    "model": "Touchstone",
    "without_points": "without the scorecard's points",
    "forest_alone": "its forest alone",
    "text_alone": "its text model alone",
    "fair_peer": "fair peer",
    "fair_peer_with_points": "fair peer with the points",
    "field_text": "fair peer's text alone",
    "rank_average": "rank average",
    "numbers": "LightGBM on raw numbers",
    "scorecard": "the scorecard alone",
    "best_signal": "best single signal",
}
methods = {"model": summary["model"], **summary["parts"], **summary["baselines"]}
figures = {name: method for name, method in methods.items() if name in WORDS}
table = pd.DataFrame(
    {
        WORDS[name]: {
            "average precision": f"{method['ap']:.3f}",
            "95 % over sellers": "{:.3f} to {:.3f}".format(*method["ap_interval"]),
            "ROC-AUC": f"{method['roc_auc']:.3f}",
            "95 %": "{:.3f} to {:.3f}".format(*method["roc_auc_interval"]),
            "counterfeits in the first 10": f"{10 * method['precision_at']['10']:.1f}",
            "in the first 50": f"{50 * method['precision_at']['50']:.1f}",
        }
        for name, method in figures.items()
    }
).T
table

# %%
ordered = sorted(figures.items(), key=lambda pair: pair[1]["ap"])
figure, axes = plt.subplots(figsize=(8.5, 3.8))
for place, (name, method) in enumerate(ordered):
    ours = name in {MODEL, *summary["parts"]}
    colour = COUNTERFEIT if name == MODEL else PALETTE[3] if ours else GENUINE
    axes.plot(method["ap_interval"], [place, place], color=colour, linewidth=6, alpha=0.3, solid_capstyle="round")
    axes.plot(method["ap"], place, "o", color=colour, markersize=8)
    axes.annotate(
        f"{method['ap']:.2f}", (method["ap"], place), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8
    )
for words, colour in (("Touchstone", COUNTERFEIT), ("its parts", PALETTE[3]), ("peers", GENUINE)):
    axes.plot([], [], "o", color=colour, label=words)
axes.axvline(labelled.labels.mean(), color=QUIET, linestyle="--", linewidth=1, label="chance")
axes.set_yticks(range(len(ordered)), [WORDS[name] for name, _ in ordered])
axes.set(xlim=(0, None), ylim=(-0.6, len(ordered) - 0.2), xlabel="average precision, with 95 % over sellers")
axes.set_title(f"{len(labelled.labels)} {what}")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# *What to see:* text carries this task, and numbers alone do little. The intervals of the best methods overlap almost
# entirely. They resample whole sellers, because listings of one seller resemble each other.
#
# ## Is the difference beyond chance?
#
# Two intervals that overlap do not answer this. The paired difference does: both methods on the same resampled sellers.

# %%
figure, axes = plt.subplots(figsize=(8, 1.9))
for place, peer in enumerate(("rank_average", "fair_peer")):
    margin = summary[f"difference_to_{peer}"]
    axes.plot(margin["ap_interval"], [place, place], color=COUNTERFEIT, linewidth=6, alpha=0.3, solid_capstyle="round")
    axes.plot(margin["ap"], place, "o", color=COUNTERFEIT, markersize=8)
    axes.annotate(
        f"{margin['ap']:+.3f}",
        (margin["ap"], place),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=9,
    )
axes.axvline(0, color=QUIET, linewidth=1)
axes.set_yticks((0, 1), ("Touchstone less\nthe rank average", "Touchstone less\nthe fair peer"))
axes.set(ylim=(-0.6, 1.8), xlabel="difference of average precision, with 95 % over sellers and fits, paired")
plt.show()
for peer in ("fair_peer", "rank_average"):
    margin = summary[f"difference_to_{peer}"]
    low, high = margin["ap_interval"]
    verdict = (
        "ahead beyond chance" if low > 0 else "behind beyond chance" if high < 0 else "not told apart by these rows"
    )
    print(
        f"{WORDS[peer]}: {margin['ap']:+.3f} ({low:+.3f} to {high:+.3f}), better in {margin['repeats_better']} of "
        f"{REPEATS} repeats; {verdict}. Differences from about {margin['ap_told_from_chance']:.2f} could be told."
    )

# %% [markdown]
# *What to see:* with so few counterfeits only large differences can be told. A peer that a comparison cannot separate
# is not beaten, and the [README](../README.md#measurements) says so over twenty repeats. To choose between such models,
# get more labels, not more repeats: repeats remove the chance of the folds, never that of the sellers.
#
# ## Where on the list

# %%
figure, (left_axes, right_axes) = plt.subplots(1, 2, figsize=(10, 3.6))
shown = {"model": COUNTERFEIT, "fair_peer": GENUINE, "numbers": PALETTE[3], "best_signal": QUIET}
for name, colour in shown.items():
    scores = repeats[0].values[name]
    precision, recall, _ = precision_recall_curve(labelled.labels, scores)
    left_axes.plot(recall, precision, color=colour, label=WORDS[name])
    found_by_rank = np.cumsum(labelled.labels[np.argsort(-scores, kind="stable")])
    right_axes.plot(np.arange(1, len(found_by_rank) + 1), found_by_rank, color=colour, label=WORDS[name])
left_axes.set(xlabel="recall", ylabel="precision", ylim=(0, 1.02), title="Precision and recall, first repeat")
right_axes.set(xlim=(0, 200), xlabel="listings reviewed, highest score first", ylabel="counterfeits found")
right_axes.set_title(f"A reviewer's view: {labelled.labels.sum()} counterfeits in all")
left_axes.legend()
plt.show()
print(f"Brier score {summary['model']['brier']:.4f}; calibration error {summary['model']['calibration_error']:.4f}")

# %% [markdown]
# *What to see:* after a few dozen reviews the two best methods have found about the same number. For a reviewer that is
# the figure that counts, and Touchstone adds what a ranking alone lacks: calibrated probabilities with intervals, exact
# reasons, gates and a record of each decision.
#
# Next: [6 · Error analysis](06_error_analysis.ipynb).
