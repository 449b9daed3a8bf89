"""`photos/`, 'photos/*.jpg' and single pictures."""
