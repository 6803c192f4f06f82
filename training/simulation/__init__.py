"""The closed loop on the synthetic marketplace: what twelve simulated months do to a model that learns from itself."""
