"""What is done with rights: gather, decide, write, in one transaction."""
