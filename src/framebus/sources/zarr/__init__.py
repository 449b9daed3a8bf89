"""`run.zarr`: played."""
