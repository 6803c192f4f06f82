"""What is done with learning: gather, decide, write, in one transaction."""
