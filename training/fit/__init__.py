"""The fit of the classifier: learners, text, their join, and calibration."""
