"""Rules of appeals."""
