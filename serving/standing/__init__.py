"""Good-faith standing of brands, and the questions that it is counted from."""
