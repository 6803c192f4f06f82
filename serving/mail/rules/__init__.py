"""Rules of mail: its kinds, who may refuse them, and what follows a failed attempt."""
