"""What is done with account management: gather, decide, write, in one transaction."""
