"""Operations of administration: gather, decide and write in one transaction."""
