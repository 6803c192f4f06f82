"""What is done with sellers: gather, decide, write, in one transaction."""
