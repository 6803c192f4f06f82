"""Rules of takedowns."""
