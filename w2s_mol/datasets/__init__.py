"""Datasets with labels and splits: ChemBench's, the built-in one, and a user's own table."""
