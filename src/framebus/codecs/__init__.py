"""Coded video: what FFmpeg decodes here, and how pictures come out of packets."""
