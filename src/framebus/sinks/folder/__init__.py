"""`frames/`: an image file for each frame."""
