"""Operations of operations: gather, decide and write in one transaction."""
