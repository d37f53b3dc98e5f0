"""Embeddings kept on disk by content, and whole files of them."""
