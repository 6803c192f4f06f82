"""Operations of listings: gather, decide and write in one transaction."""
