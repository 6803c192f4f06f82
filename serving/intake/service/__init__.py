"""What is done with intake: gather, decide, write, in one transaction."""
