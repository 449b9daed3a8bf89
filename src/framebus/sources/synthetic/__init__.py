"""`synthetic:`."""
