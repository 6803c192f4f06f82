"""The sentences for messages: English by code, and how a sentence is filled in any language."""
