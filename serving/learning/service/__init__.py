"""Operations of learning: gather, decide and write in one transaction."""
