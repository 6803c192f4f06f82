"""Operations of brands: gather, decide and write in one transaction."""
