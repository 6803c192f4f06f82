"""Trainings, publications and reproductions: child processes, and the pipeline they run."""
