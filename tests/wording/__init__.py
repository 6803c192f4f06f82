"""The check of words: old names and banned turns of phrase, refused wherever somebody reads."""
