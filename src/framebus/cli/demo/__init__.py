"""What `framebus demo` is made of: publishers in processes of their own, readers that check every pixel number."""
