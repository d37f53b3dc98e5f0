"""The plug-in of the documentation's page "How to add an encoder"."""

import numpy as np


class CountAtoms:
    name = "count-atoms"
    dimension = 4
    fingerprint = "count-atoms 1"  # another when the vectors change

    def embed(self, smiles):
        vectors = [[text.upper().count(atom) for atom in "CNOF"] for text in smiles]
        return np.array(vectors, dtype=np.float32), np.ones(len(smiles), dtype=bool)
