"""What each process of a system is to do, which are due to start or stop, and what they say of themselves."""
