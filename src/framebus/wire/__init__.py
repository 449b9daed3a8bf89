"""What travels, as bytes: headers, control messages, encodings, and the dialects of other systems; no I/O."""
