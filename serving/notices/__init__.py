"""Notices by outside notifiers: reporters, decisions and complaints."""
