"""`run.tif`: written frame by frame."""
