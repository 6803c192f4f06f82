"""What is done with privacy: gather, decide, write, in one transaction."""
