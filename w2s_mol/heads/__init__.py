"""Heads on frozen embeddings, and the errors between models. Arrays only."""
