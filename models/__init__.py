"""Numbers to score to route; verdicts to labels. Pure rules and scoring, no I/O."""
