"""Operations of marketplaces: gather, decide and write in one transaction."""
