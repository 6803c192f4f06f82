"""Whether the service is well: volumes, ages, deliveries, jobs, refused rows, the audit log."""
