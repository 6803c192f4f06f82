"""Rows of other people's files turned into the mapping that `features.listing.check` reads."""
