"""Many studies at once: their parts together, their embeddings computed once."""
