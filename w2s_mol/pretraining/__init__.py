"""Pretraining of SMILES encoders: corpus preparation, objectives, training."""
