"""Appeals, counter-notices and overturns, with the seller links and documents behind them."""
