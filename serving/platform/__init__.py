"""The common base of all subjects: settings, clock, ids, database, jobs, logs, runtime."""
