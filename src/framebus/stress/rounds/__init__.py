"""One file for each claim: `attempt(trial)` plays one round of a few seconds."""
