"""The search for settings of the fit, measured on sellers that the search has not seen."""
