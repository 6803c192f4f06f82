"""People: roles, grants, sessions, passwords, invitations and display settings."""
