"""What is done with accounts: gather, decide, write, in one transaction."""
