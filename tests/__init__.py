"""The tests: one folder per layer, `project` for the house around the code, `examples` for the programs."""
