"""What is done with takedowns: gather, decide, write, in one transaction."""
