"""What is done with cases: gather, decide, write, in one transaction."""
