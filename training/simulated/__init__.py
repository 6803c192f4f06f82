"""The parts from which `training.synthetic` makes a marketplace: nothing here is measured, everything is invented."""
