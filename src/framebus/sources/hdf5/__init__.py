"""`run.h5`: played."""
