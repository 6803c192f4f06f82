"""Operations of transparency: gather, decide and write in one transaction."""
