"""The common base of every room: settings, clock, ids, database, jobs, logs, runtime."""
