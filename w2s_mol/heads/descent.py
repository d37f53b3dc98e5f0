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
    weights: Array | None = None,
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

    scaler = Scaler.fit(features, learn, weights)
    means = np.average(labels[learn], axis=0, weights=weights)
    x = torch.from_numpy(scaler.transform(gathered(features, learn)).astype(np.float32))
    y = torch.from_numpy((labels[learn] - means).astype(np.float32))
    each = np.ones(len(learn)) if weights is None else weights / weights.mean()
    w = torch.from_numpy(each.astype(np.float32))[:, None]
    weight = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], lr=learning_rate, fused=True)
    generator = torch.Generator().manual_seed(seed)
    for _epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for batch in order.split(batch_size):
            # The mean over molecules, summed over columns: each column descends as if alone.
            residual = torch.addmm(bias, x[batch], weight) - y[batch]
            loss = (residual.square() * w[batch]).sum() / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return LinearHead(
        scaler,
        weight.detach().double().numpy(),
        bias.detach().double().numpy() + means,
        np.full(labels.shape[1], np.nan),
    )
