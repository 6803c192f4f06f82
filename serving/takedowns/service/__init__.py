"""Operations of takedowns: gather, decide and write in one transaction."""
