"""Notices from outside, their reporters, decisions and complaints."""
