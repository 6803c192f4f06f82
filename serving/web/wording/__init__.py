"""Words that people read: labels, glossary, sentences."""
