"""The parts of the marketplace that `synthetic` makes: nothing here is measured, everything is invented."""
