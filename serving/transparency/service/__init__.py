"""What is done with transparency: gather, decide, write, in one transaction."""
