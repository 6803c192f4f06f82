"""The state of the service: volumes, ages, deliveries, jobs, refused rows, the audit log."""
