"""Models, for data scientists: champion and challenger, labels, snapshots, runs, cards."""
