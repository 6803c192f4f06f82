"""What people and machines do here, each as gather, decide, write: one transaction, committed once."""
