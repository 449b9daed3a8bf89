"""`yard.mp4`, `yard.mkv`: written picture by picture."""
