"""SMILES in the form MolBERT reads, its token vocabulary, and RDKit's normalised descriptors."""
