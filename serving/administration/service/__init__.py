"""What is done with administration: gather, decide, write, in one transaction."""
