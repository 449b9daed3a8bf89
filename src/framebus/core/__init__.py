"""What everything else stands on: frames, formats, addresses, options, errors, registries, counters, clocks."""
