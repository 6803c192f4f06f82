# %% [markdown]
# # Somebody else's notebook
#
# Listings in a CSV file, pandas, scikit-learn and MLflow; of this project the frame and the estimator alone.

# %%
import sys
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pandas as pd
from joblib import Memory
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from training.fit.classifier import CounterfeitClassifier
from training.frame import features_frame

FOLDER = Path(sys.argv[1])
mlflow.set_tracking_uri(f"sqlite:///{FOLDER / 'mlflow.db'}")

# %%
rows = pd.read_csv(FOLDER / "listings.csv")
y, sellers = rows.pop("label"), rows["seller.external_id"]
X = Memory(FOLDER / "cache", verbose=0).cache(features_frame)(rows, y, as_of=datetime(2026, 3, 2, 9, tzinfo=UTC))
X.attrs["family"]["price_log"], X.attrs["order"]

# %%
folds = GroupKFold(2)
baseline = make_pipeline(make_column_transformer((TfidfVectorizer(min_df=2), "description")), LogisticRegression())
ours = CounterfeitClassifier(rounds=20, folds=2)
search = GridSearchCV(ours, {"text_cost": [1.0, 10.0]}, scoring="average_precision", cv=folds)
search.fit(X, y, groups=sellers)

# %%
for name, model, of_fit in (("baseline", baseline, {}), ("ours", search.best_estimator_, {"groups": sellers})):
    scores = cross_val_predict(model, X, y, groups=sellers, cv=folds, method="predict_proba", params=of_fit)[:, 1]
    with mlflow.start_run(run_name=name):
        mlflow.log_params({"text_cost": search.best_params_["text_cost"]} if of_fit else {})
        mlflow.log_metric("average_precision", average_precision_score(y, scores))

# %%
print(mlflow.search_runs()[["tags.mlflow.runName", "metrics.average_precision"]].to_json(orient="values"))  # noqa: T201  # the output
