"""The gates that a candidate must pass before people may promote it."""
