"""Operations of webhooks: gather, decide and write in one transaction."""
