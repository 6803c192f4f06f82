"""Review of cases: decisions, undo, bulk, second reviews, takedown requests, test buys."""
