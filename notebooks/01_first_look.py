# %% [markdown]
# # A first look
#
# Listings, signals and scores of the simulated marketplace: the classifier's input, the value of single signals, and
# the model's result from all of them together.
#
# All data are **simulated**. Brands, sellers and counterfeits are invented, and no figure on this page is evidence of
# accuracy in production; `touchstone evaluate` measures that on your own labelled rows.
#
# To open the notebook: `jupytext --to ipynb notebooks/01_first_look.py`.

# %%
from datetime import UTC, datetime, timedelta

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.metrics import PrecisionRecallDisplay, average_precision_score

from features.brands import BrandRegister
from features.compute import FEATURES, NAMES, compute, matrix
from features.listing import Listing, check
from models.bundle import from_files, to_files
from models.messages.english import in_english
from models.score import named
from training.fit import CounterfeitClassifier
from training.fit_phrases import fit_phrases
from training.operating import choose_thresholds
from training.references import OfflineReferences
from training.synthetic import Settings, build, evaluation_set

LISTINGS = 3_000
GENUINE, COUNTERFEIT, QUIET = "#0a6078", "#b3261e", "#5f6a70"
pd.set_option("display.max_colwidth", 90)
plt.rcParams |= {"figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False}

# %% [markdown]
# ## Two groups of sellers without a common account
#
# The model is trained on the listings of one group and evaluated on those of the other. The groups share no account,
# and their counterfeiters have different suppliers. Both groups pass the same validation, so rows that it would
# quarantine are not included.

# %%
settings = Settings(listings=LISTINGS, seed=0, start=datetime(2026, 1, 1, tzinfo=UTC))
now = settings.start + timedelta(days=settings.days)
world = build(settings)
register = BrandRegister(one.brand for one in world.brands)

latest = {}
for sent in world.sent:
    listing = check(sent.row, received_at=sent.at)
    if isinstance(listing, Listing) and listing.external_id in world.truth:
        latest[listing.external_id] = listing
known = tuple(latest.values())
known_labels = np.array([world.truth[name].counterfeit for name in latest], dtype=np.int8)
unseen, labels = evaluation_set(settings, LISTINGS)

pd.DataFrame(
    {
        "listings": [len(known), len(unseen)],
        "counterfeits": [known_labels.sum(), labels.sum()],
        "share": [known_labels.mean(), labels.mean()],
        "sellers": [len({one.seller.external_id for one in crowd}) for crowd in (known, unseen)],
    },
    index=["training", "evaluation"],
).style.format({"share": "{:.1%}"})

# %% [markdown]
# ## Example listings

# %%
pd.DataFrame(
    [
        {"what": "counterfeit" if label else "genuine", "title": one.title, "price": one.price, "in": one.currency}
        for label in (1, 0)
        for one in np.array(unseen, dtype=object)[labels == label][:5]
    ]
)

# %% [markdown]
# ## Signals
#
# Facts are the data known about a listing at a given time; features are numbers computed from facts. The prices of the
# training group are the references for both groups.

# %%
offline = OfflineReferences(known, register)
known_facts = [offline.facts(one, as_of=now, marketplace="simulated", took_part=True) for one in known]
unseen_facts = [offline.facts(one, as_of=now, marketplace="simulated", took_part=False) for one in unseen]
signals = pd.DataFrame(matrix(unseen_facts), columns=NAMES)
signals.shape

# %% [markdown]
# Missing values are normal, and they are not zero. Each bar is the share of listings for which a signal is known; its
# label explains a missing value.

# %%
least_known = signals.notna().mean().sort_values().head(12)
missing = {feature.name: feature.missing for feature in FEATURES}
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
axes.barh([f"{name}\n{missing[name]}" for name in least_known.index], least_known, color=GENUINE)
axes.tick_params(axis="y", labelsize=6)
axes.set(
    xlim=(0, 1), xlabel="share of listings with a known value", title="The twelve signals with the fewest known values"
)
plt.show()

# %% [markdown]
# Counterfeiters often have low prices, and so do outlets. Where the two colours overlap, price alone would flag honest
# sellers.

# %%
units = {feature.name: feature.unit for feature in FEATURES}
shown = ("price_to_brand_category", "seller_age", "text_description_words", "item_photos")
figure, panels = plt.subplots(1, len(shown), figsize=(11, 3), layout="constrained")
for axes, name in zip(panels, shown, strict=True):
    bins = np.histogram_bin_edges(signals[name].dropna(), 30)
    for label, colour, who in ((0, GENUINE, "genuine"), (1, COUNTERFEIT, "counterfeit")):
        axes.hist(signals[name][labels == label], bins, density=True, alpha=0.6, color=colour, label=who)
    axes.set(yticks=[], xlabel=units[name])
    axes.set_title(name, fontsize=9)
panels[0].legend(fontsize=8)
plt.show()

# %% [markdown]
# Average precision of each single signal as a score, in its better direction; chance is the share of counterfeits.


# %%
def as_score(column: pd.Series) -> pd.Series:
    """A signal as a score, in its better direction; missing values have the lowest score."""
    return max(
        ((sign * column).fillna(-1e9) for sign in (1, -1)), key=lambda score: average_precision_score(labels, score)
    )


by_itself = signals.apply(lambda column: average_precision_score(labels, as_score(column)))
by_itself = by_itself.sort_values(ascending=False).head(10)
figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
axes.barh(by_itself.index[::-1], by_itself[::-1], color=GENUINE)
axes.axvline(labels.mean(), color=QUIET, linestyle="--", label="chance")
axes.set(xlabel="average precision", title="The ten best single signals")
axes.legend()
plt.show()

# %% [markdown]
# ## All signals together
#
# The classifier joins a forest over the numbers with a text model, and calibrates the result. Here it is fitted on all
# true labels of the first group. A real marketplace lacks these: its labels come from reviews, late and sometimes
# wrong. `touchstone demo` simulates that.

# %%
groups = pd.factorize(np.array([one.seller.external_id for one in known]))[0]
classifier = CounterfeitClassifier(seed=0, threads=2).fit(known_facts, known_labels, groups=groups)
probabilities = classifier.predict_proba(unseen_facts)[:, 1]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
PrecisionRecallDisplay.from_predictions(
    labels, probabilities, ax=left, name="all signals", curve_kwargs={"color": COUNTERFEIT}
)
best = by_itself.index[0]
PrecisionRecallDisplay.from_predictions(
    labels, as_score(signals[best]), ax=left, name=best, curve_kwargs={"color": GENUINE}
)
left.set(title="Listings of unseen sellers", xlabel="recall", ylabel="precision")
left.legend(fontsize=8)
observed, predicted = calibration_curve(labels, probabilities, n_bins=6)
right.plot([0, 1], [0, 1], "--", color=QUIET, linewidth=1)
right.plot(predicted, observed, "o-", color=COUNTERFEIT)
right.set(title="Reliability", xlabel="mean probability", ylabel="observed share")
plt.show()

# %% [markdown]
# ## Reasons
#
# Every score that a person sees has reasons in words. These are the three highest scores of the second group.

# %%
out_of_fold = classifier.model_.calibration.probabilities(classifier.out_of_fold_)
bundle = from_files(
    to_files(
        classifier.model_,
        thresholds=choose_thresholds(known_labels, out_of_fold, np.ones(len(known))),
        references=offline.references(),
        references_as_of=now,
        masking=classifier.masking_,
        phrases=fit_phrases(known_facts, known_labels, np.ones(len(known)), groups, offline.brands.brands.values()),
    )
)
top = np.argsort(-probabilities)[:3]
for row, score in zip(top, bundle.score_many([compute(unseen_facts[i]) for i in top]), strict=True):
    verdict = "counterfeit" if labels[row] else "genuine"
    print(
        f"{score.probability:.0%} · {unseen[row].title} · {unseen[row].price} {unseen[row].currency} · really {verdict}"
    )
    for found in score.evidence:
        print(f"           {in_english(found)}")
    for reason in named(score.reasons)[:4]:
        print(f"    {reason.weight:+.2f}  {in_english(reason.message)}")

# %% [markdown]
# ## Errors
#
# The genuine listings with the highest scores, and the counterfeits with the lowest. A person therefore decides.

# %%
order = np.argsort(-probabilities)
wrong = [i for i in order if not labels[i]][:5] + [i for i in order[::-1] if labels[i]][:5]
pd.DataFrame(
    [
        {
            "really": "counterfeit" if labels[i] else "genuine",
            "probability": f"{probabilities[i]:.0%}",
            "title": unseen[i].title,
            "price": f"{unseen[i].price} {unseen[i].currency}",
        }
        for i in wrong
    ]
)
