"""What is done with scoring: gather, decide, write, in one transaction."""
