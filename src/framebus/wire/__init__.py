"""What travels, as bytes: headers, control messages, encodings, recordings, and the dialects of other systems.

No I/O, but for `recordings.zarr_stored`: such a recording is a folder, read file by file.
"""
