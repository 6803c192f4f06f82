"""Everything that leaves: signed, to checked addresses only, bounded in time and size."""
