"""What every benchmark is made of: processes, meters, frames, rounds and tables."""
