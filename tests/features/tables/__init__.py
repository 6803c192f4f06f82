"""The packaged tables of letters and wording, made anew and compared with those that are packaged."""
