"""The packaged tables of letters and wording, generated and compared with the packaged ones."""
