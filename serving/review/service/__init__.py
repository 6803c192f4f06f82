"""What is done with review: gather, decide, write, in one transaction."""
