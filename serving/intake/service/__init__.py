"""Operations of intake: gather, decide and write in one transaction."""
