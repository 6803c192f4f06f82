"""Operations of cases: gather, decide and write in one transaction."""
