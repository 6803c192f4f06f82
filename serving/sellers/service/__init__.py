"""Operations of sellers: gather, decide and write in one transaction."""
