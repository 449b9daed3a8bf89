"""Objects that live elsewhere: described, called over a link, and kept in a process of their own."""
