"""`run.zarr`: written frame by frame."""
