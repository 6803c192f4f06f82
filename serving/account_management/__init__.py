"""Account management of brands: attention, dashboards, records, people."""
