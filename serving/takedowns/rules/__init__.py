"""Rules of takedowns. Standard library only."""
