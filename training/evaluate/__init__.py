"""Cross-validation, baselines, figures and their intervals."""
