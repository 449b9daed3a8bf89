"""The suite that users run: that it notices what is broken, and that nothing is."""
