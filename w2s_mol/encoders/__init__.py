"""Encoders: SMILES in, one vector each out, with a validity mask."""
