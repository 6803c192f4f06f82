"""Sellers and notifiers, who come by a link."""
