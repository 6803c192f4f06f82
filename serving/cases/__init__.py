"""Cases and verdicts: states, queue order, notes, deferral, saved filters."""
