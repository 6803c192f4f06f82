"""The design system, drawn with the application's own templates and stylesheet."""
