"""Worker processes of our own: how they are started, given frames in shared memory, and asked."""
