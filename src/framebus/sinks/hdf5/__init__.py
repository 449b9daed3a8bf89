"""`run.h5`: written frame by frame."""
