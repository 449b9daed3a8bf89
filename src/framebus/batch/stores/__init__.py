"""Inputs and outputs that are not in folders of this machine, but objects of a store: `s3://bucket/prefix`."""
