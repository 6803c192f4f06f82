"""Pages for brands and their account managers: questions, rights, standing, messages."""
