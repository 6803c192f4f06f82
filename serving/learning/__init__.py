"""From verdicts to the next champion: labels, snapshots, training, promotion, trials, monitoring."""
