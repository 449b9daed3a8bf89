"""Tasks that do nothing, handed out in many ways."""
