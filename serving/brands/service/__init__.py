"""What is done with brands: gather, decide, write, in one transaction."""
