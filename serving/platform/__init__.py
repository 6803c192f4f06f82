"""What every subject stands on: settings, clock, ids, database, jobs, logs, runtime."""
