"""`window:`."""
