"""Heads by gradient descent, as in the paper's released code."""

from __future__ import annotations

import numpy as np

from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.matrix import Matrix, Rows, gathered


def fit_adamw(
    features: Matrix,
    labels: Array,
    learn: Rows,
    _choose: Rows,
    epochs: int = 1000,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    seed: int = 0,
) -> LinearHead:
    """Fit by AdamW on the squared error; shapes as in ``fit_ridge``, nothing is chosen.

    Coefficients start at zero and intercepts at the mean label, so the seed decides nothing but
    the order of the batches; all columns see the same order, and each is trained as it would be
    alone, for AdamW works element by element. The features are in memory as a whole.
    """
    import torch

    scaler = Scaler.fit(features, learn)
    means = labels[learn].mean(axis=0)
    x = torch.from_numpy(scaler.transform(gathered(features, learn)).astype(np.float32))
    y = torch.from_numpy((labels[learn] - means).astype(np.float32))
    weight = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], lr=learning_rate, fused=True)
    generator = torch.Generator().manual_seed(seed)
    for _epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for batch_x, batch_y in zip(
            x[order].split(batch_size), y[order].split(batch_size), strict=True
        ):
            # The mean over molecules, summed over columns: each column descends as if alone.
            residual = torch.addmm(bias, batch_x, weight) - batch_y
            loss = residual.square().sum() / len(batch_x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return LinearHead(
        scaler,
        weight.detach().double().numpy(),
        bias.detach().double().numpy() + means,
        np.full(labels.shape[1], np.nan),
    )
