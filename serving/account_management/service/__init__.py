"""Operations of account management: gather, decide and write in one transaction."""
