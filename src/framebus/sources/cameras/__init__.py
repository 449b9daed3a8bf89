"""Cameras: whatever sends pictures by itself, and may break and come back.

A *feed* is one connection to a camera (`camera_feed.py`; one file for each kind). A *keeper* makes feeds again for
ever, and what it does is decided by a machine without clock or socket (`keeping.py`). Coded video becomes pictures in
`codecs/decoding.py`, and pictures are cut, turned and resized in `shaping.py`.
"""
