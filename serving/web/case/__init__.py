"""Cases, one or several at once: the cards of a case's page, decisions, and navigation to the next case."""
