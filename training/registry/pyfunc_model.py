"""The registered model that MLflow loads: code that returns a probability with its reasons for each listing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from features.compute import compute
from features.facts import assemble_facts
from features.history import NOTHING_RECORDED
from features.listing import Rejection, check
from models.bundle import MANIFEST, from_files
from models.messages.english import in_english


class CounterfeitModel(PythonModel):
    """Scores rows of native listing fields offline, with the references of the bundle."""

    def load_context(self, context: Any) -> None:
        """Read the bundle that was logged with the run."""
        folder = Path(context.artifacts["bundle"])
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        self.bundle = from_files({name: content for name, content in files.items() if name != "about.json"})
        if MANIFEST not in files:
            raise FileNotFoundError(f"{folder} holds no {MANIFEST}")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002  # MLflow's signature
        """One output row per input row, in order: probability (null for a rejected row) and reasons."""
        now = datetime.now(UTC)
        rows: list[dict[str, Any]] = []
        for row in model_input.to_dict(orient="records"):
            listing = check({k: v for k, v in row.items() if v is not None and v == v}, received_at=now)  # noqa: PLR0124  # NaN
            if isinstance(listing, Rejection):
                rows.append({"probability": None, "reasons": [listing.sentence]})
                continue
            facts = assemble_facts(listing, self.bundle.references, NOTHING_RECORDED, marketplace="mlflow", as_of=now)
            score = self.bundle.score_many([compute(facts)])[0]
            rows.append(
                {"probability": score.probability, "reasons": [in_english(reason.message) for reason in score.reasons]}
            )
        return pd.DataFrame(rows)


set_model(CounterfeitModel())
