"""What is done with appeals: gather, decide, write, in one transaction."""
