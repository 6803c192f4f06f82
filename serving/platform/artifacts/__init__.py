"""Files that every process of an installation reads: model bundles and training snapshots."""
