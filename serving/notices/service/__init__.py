"""Operations of notices: gather, decide and write in one transaction."""
