"""A file or a dict becomes a checked description of a system, or a list of mistakes with their lines."""
