"""Pictures as files: encoded, and put where they belong, whole or not at all."""
