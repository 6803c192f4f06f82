"""One case, or several at once: the cards of its page, its answers, and the way to the next."""
