"""What is done with delivery: gather, decide, write, in one transaction."""
