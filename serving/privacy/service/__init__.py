"""Operations of privacy: gather, decide and write in one transaction."""
