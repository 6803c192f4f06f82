"""Operations of review: gather, decide and write in one transaction."""
