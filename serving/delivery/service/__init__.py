"""Operations of delivery: gather, decide and write in one transaction."""
