"""The verbs people use: open, publish, pipe, streams. Exported by `framebus` itself."""
