"""Operations of accounts: gather, decide and write in one transaction."""
