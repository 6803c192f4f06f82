"""Labelled facts to a candidate model, its evaluation and its registration. Files and MLflow, no database."""
