"""`run.tif`, played; and TIFF files of others, which are pictures."""
