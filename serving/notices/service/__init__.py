"""What is done with notices: gather, decide, write, in one transaction."""
