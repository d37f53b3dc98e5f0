"""What to do: which supervisor, which use of it, and what it is worth in true labels."""
