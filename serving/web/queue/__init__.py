"""The analysts' desk: the queue with what stands beside it, search, and everybody's own figures."""
