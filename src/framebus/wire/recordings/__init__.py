"""What recordings look like inside, for those who write them and those who read them."""
