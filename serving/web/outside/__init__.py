"""Pages for sellers and notifiers, who come by a link."""
