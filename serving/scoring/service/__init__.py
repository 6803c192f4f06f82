"""Operations of scoring: gather, decide and write in one transaction."""
