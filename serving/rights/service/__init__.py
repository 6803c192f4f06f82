"""Operations of rights: gather, decide and write in one transaction."""
