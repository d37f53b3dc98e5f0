"""Draws of what supervisors' quantities truly are, given what was measured on few molecules.

Noise of the test molecules attenuates every correlation over supervisors, and resampling molecules
adds it a second time. Here the noise is known from the molecules, and is taken off: measured
deviations are truth + noise, truths are exchangeable normal with an unknown covariance, and are
drawn from what the data leave possible.

With noise of one size, the covariance V of the truths has a posterior that can be drawn at once:
the share of noise ``B = (V + N)^-1 N`` is Wishart with its eigenvalues below one (Everson and
Morris 2000, J. R. Statist. Soc. B 62, 399-412). Here noise differs between directions of the space
of supervisors (kin err alike), so such draws are proposals, weighed by the exact likelihood. The
prior of V is Jeffreys' for equal noise, ``|V + N|^-(t + 1)/2``. How large the noise is, is itself
an estimate from few molecules of heavy tails: its scale is drawn as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.statistics.cases import Cases
from w2s_mol.streams import stream

Array = NDArray[np.float64]

FEWEST = 5
"""Supervisors beside covariates, without which a covariance cannot be told from noise."""
_PROPOSALS = 16
"""For each draw."""
_TO_EQUAL = 0.3
"""How far the noise of directions is drawn to equal noise: its estimates scatter."""
_TRIES = 10
_ROUNDING = 1e-12
"""Noise below this share of all is that of numbers."""
_LEAST_EFFECTIVE = 25
"""Proposals that count, as weights say, for draws to be trusted (Kish's effective sample size)."""
_AT_ONCE = 100
"""Draws whose noise is in memory: a hundred for each molecule."""


@dataclass(frozen=True)
class Noise:
    """What other molecules would have added to every mean, drawn anew for each draw.

    Studies on the same molecules share it, so that differences of their draws are paired. Its
    numbers are never in memory as a whole.

    Attributes
    ----------
    draws
        Their number.
    seed, place
        Of its stream, and the molecules that it is of.
    """

    draws: int
    seed: int = 0
    place: int = 0

    def of(self, influences: Array) -> Array:
        """Return sums of influences, shape (m, ...), each times a standard normal, (draws, ...)."""
        m, *shape = influences.shape
        generator = stream(self.seed, "noise of molecules", m, self.place)
        flat = influences.reshape(m, -1)
        sizes = np.diff([*range(0, self.draws, _AT_ONCE), self.draws])
        drawn = [generator.normal(size=(size, m)) @ flat for size in sizes]
        return np.concatenate(drawn).reshape(self.draws, *shape)


@dataclass(frozen=True)
class _Rotated:
    """Measurements in directions of the space of supervisors in which noise is independent.

    Attributes
    ----------
    whiten
        Shape (t, t); in these coordinates the mean noise of the quantities is the unit matrix.
    fitted, residual
        Orthonormal columns: of the covariates, (k, p), and of what they leave, (k, r).
    sizes
        Variance of the noise in each direction of ``residual``, shape (r,), one on average.
    scatter
        Squared coefficient of variation of the noise's estimated scale.
    """

    whiten: Array
    fitted: Array
    residual: Array
    sizes: Array
    scatter: float


def streams_of(cases: Cases, draws: int, seed: int) -> tuple[Noise, np.random.Generator]:
    """Return the noise of a dataset's molecules, one for all studies on them, and a study's own.

    Both are functions of what the study is, not of the run that it is in.
    """
    what = [cases.keys, cases.control, sorted(cases.every_weak), len(cases.supervisors)]
    own = int(files.sha256_json(what)[:8], 16)
    noise = Noise(draws, seed, int(cases.molecules[:8], 16))
    return noise, stream(seed, "truths of supervisors", own)


def draws_of_truth(
    observed: Array,
    influences: Array,
    noise: Noise,
    generator: np.random.Generator,
    covariates: Array | None = None,
) -> Array | None:
    """Return draws of the truths, shape (r, t, k).

    Parameters
    ----------
    observed
        ``t`` quantities of ``k`` supervisors, shape (t, k).
    influences
        Of ``m`` units, shape (m, t, k), as in ``Sample``.
    noise
        Of ``r`` draws.
    generator
        Of everything else that is drawn.
    covariates
        Shape (k, p): known of each supervisor without error, and what truths may depend on.

    Returns
    -------
    array or None
        None where there are too few supervisors, nothing varies, or proposals are too far off.
    """
    # In an order of their own, and each once: draws do not depend on how supervisors are listed.
    both = np.concatenate([observed, influences.reshape(-1, observed.shape[1])])
    _, first, place = np.unique(both, axis=1, return_index=True, return_inverse=True)
    if covariates is not None:
        covariates = covariates[first]
    found = _drawn(observed[:, first], influences[:, :, first], noise, generator, covariates)
    return None if found is None else found[:, :, place.reshape(-1)]


def _drawn(
    observed: Array,
    influences: Array,
    noise: Noise,
    generator: np.random.Generator,
    covariates: Array | None,
) -> Array | None:
    t, k = observed.shape
    between = k - 1 - (0 if covariates is None else covariates.shape[1])
    if between < max(FEWEST - 1, t + 1) or not np.isfinite(influences).all():
        return None
    found = _rotated(influences, covariates)
    if found is None:
        return None
    white = np.einsum("tu,mus->mts", found.whiten, influences)
    seen = found.whiten @ observed
    residual = seen @ found.residual
    r = noise.draws
    covariances = _covariances(residual, found, r, generator)
    if covariances is None:
        return None
    variances, turns, scale = covariances
    # Noise as it would be with other molecules, of all supervisors together.
    drawn = noise.of(white) * np.sqrt(scale)[:, None, None]
    truth = np.sqrt(variances)[:, :, None] * generator.normal(size=(r, t, residual.shape[1]))
    error = np.einsum("rut,rus->rts", turns, residual[None] - drawn @ found.residual) - truth
    of_noise = scale[:, None, None] * found.sizes
    kept = variances[:, :, None] / (variances[:, :, None] + of_noise)
    deviations = np.einsum("rut,rts->rus", turns, truth + kept * error) @ found.residual.T
    # Means and what depends on the covariates are free: measured, less a draw of noise.
    free = seen[None] - drawn
    deviations += (free @ found.fitted) @ found.fitted.T + free.mean(axis=2, keepdims=True)
    found_draws: Array = np.einsum("tu,rus->rts", np.linalg.inv(found.whiten), deviations)
    return found_draws


def _rotated(influences: Array, covariates: Array | None) -> _Rotated | None:
    _, t, k = influences.shape
    columns = [np.ones((k, 1))]
    if covariates is not None:
        columns.append(covariates - covariates.mean(axis=0))
    p = sum(column.shape[1] for column in columns)
    basis = np.linalg.qr(np.hstack(columns), mode="complete")[0]
    fitted, rest = basis[:, 1:p], basis[:, p:]
    within = influences @ rest
    mean = np.einsum("mtr,mur->tu", within, within) / rest.shape[1]
    spread = np.diag(mean)
    if not (spread > _ROUNDING * np.einsum("mtk,mtk->t", influences, influences) / k).all():
        return None
    mean = mean + 1e-9 * np.diag(spread)  # quantities may be one and the same
    whiten = np.linalg.inv(np.linalg.cholesky(mean))
    within = np.einsum("tu,mur->mtr", whiten, within)
    of_unit = (within**2).sum(axis=(1, 2))
    scatter = float((of_unit**2).sum() / of_unit.sum() ** 2 - 1 / len(of_unit))
    sizes, turn = np.linalg.eigh(np.einsum("mtr,mts->rs", within, within) / t)
    sizes = (1 - _TO_EQUAL) * np.maximum(sizes, 1e-3) + _TO_EQUAL
    return _Rotated(whiten, fitted, rest @ turn, sizes, max(scatter, 1e-6))


def _covariances(
    residual: Array, found: _Rotated, r: int, generator: np.random.Generator
) -> tuple[Array, Array, Array] | None:
    """Draw covariances of truths: variances (r, t), their axes (r, t, t), scales of noise (r,).

    None where too few proposals count.
    """
    t, directions = residual.shape
    scatter = residual @ residual.T
    scatter += 1e-9 * np.trace(scatter) * np.eye(t) + 1e-12 * np.eye(t)
    n = _PROPOSALS * r
    shares, turns = np.linalg.eigh(_wishart_below_one(scatter, directions, n, generator))
    variances = np.maximum(1 / shares - 1, 0.0)
    scale = 1 / generator.gamma(1 / found.scatter, found.scatter, size=n)
    squares = np.einsum("nut,ur->ntr", turns, residual) ** 2
    total = variances[:, :, None] + scale[:, None, None] * found.sizes
    # The prior is in the proposals already: Wishart of as many degrees of freedom as directions.
    exact = -0.5 * (np.log(total) + squares / total).sum(axis=(1, 2))
    proposed = -0.5 * (
        (np.log1p(variances) * directions).sum(axis=1) + (squares.sum(axis=2) * shares).sum(axis=1)
    )
    weights = np.exp(exact - proposed - (exact - proposed).max())
    if weights.sum() ** 2 / (weights**2).sum() < _LEAST_EFFECTIVE:
        return None
    chosen = generator.choice(n, size=r, p=weights / weights.sum())
    return variances[chosen], turns[chosen], scale[chosen]


def _wishart_below_one(scatter: Array, df: int, n: int, generator: np.random.Generator) -> Array:
    """Draw ``n`` matrices from Wishart(df, scatter^-1) whose eigenvalues are below one.

    Bartlett's decomposition and rejection. Where next to none is accepted (there is less scatter
    than noise alone gives) the rest have their eigenvalues cut at one: truths then hardly vary.
    """
    t = len(scatter)
    root = np.linalg.cholesky(np.linalg.inv(scatter))
    accepted: list[Array] = []
    for _ in range(_TRIES):
        lower = np.tril(generator.normal(size=(n, t, t)), -1)
        for i in range(t):
            lower[:, i, i] = np.sqrt(generator.chisquare(df - i, size=n))
        half = root @ lower
        matrices = half @ half.transpose(0, 2, 1)
        accepted.append(matrices[_below_one(matrices)])
        if sum(map(len, accepted)) >= n:
            return np.concatenate(accepted)[:n]
    values, vectors = np.linalg.eigh(matrices)
    cut = (vectors * np.minimum(values, 1 - 1e-6)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return np.concatenate([*accepted, cut])[:n]


def _below_one(matrices: Array) -> NDArray[np.bool_]:
    """Say of symmetric matrices, (n, t, t), whether all eigenvalues are below one."""
    if matrices.shape[1] == 1:
        found: NDArray[np.bool_] = matrices[:, 0, 0] < 1
        return found
    if matrices.shape[1] == 2:
        one, two, beside = 1 - matrices[:, 0, 0], 1 - matrices[:, 1, 1], matrices[:, 0, 1]
        return (one + two > 0) & (one * two > beside**2)
    below: NDArray[np.bool_] = np.linalg.eigvalsh(matrices)[:, -1] < 1
    return below
