"""Weak-to-strong studies: protocol to tidy results."""
