"""What is done with operations: gather, decide, write, in one transaction."""
