"""Operations of appeals: gather, decide and write in one transaction."""
