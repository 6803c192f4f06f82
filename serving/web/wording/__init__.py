"""Texts for people: labels, glossary, sentences."""
