"""The web interface: pages that work as plain forms, with htmx and keyboard shortcuts on top."""
