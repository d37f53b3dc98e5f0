"""Descents by hand, held to PyTorch's automatic differentiation and optimisers."""

import numpy as np
import pytest
import torch

from w2s_mol.heads.many import ManyHeads
from w2s_mol.progress import silent
from w2s_mol.synthetic.descent import Batch, Given, How, Networks, descend
from w2s_mol.synthetic.networks import Mlp, as_torch_draws, generator_for, random_tasks

T, N, D, WIDTH = 3, 10, 4, 6
HOW = How("adamw", "sequential", epochs=4, batch=4, rate=1e-2)


def start(seed: int, final_relu: bool = True) -> Mlp:
    return as_torch_draws([D, WIDTH, WIDTH, WIDTH], final_relu, generator_for(seed, "start"))


def problem(kind: str = "linear") -> tuple[torch.Tensor, torch.Tensor, ManyHeads]:
    generator = generator_for(0, "problem")
    tasks = random_tasks(kind, "default", T, WIDTH, 5, generator)
    x = torch.randn(T, N, D, generator=generator)
    return x, torch.randn(T, N, generator=generator), tasks


def descended(starts: list[Mlp], how: How = HOW, kind: str = "linear"):
    return descend(starts, *problem(kind), how, "work", silent)


def differentiable(network: Mlp) -> Mlp:
    return network.with_parameters([p.clone().requires_grad_() for p in network.parameters()])


def torch_loss(network: Mlp, x: torch.Tensor, y: torch.Tensor, tasks: ManyHeads) -> torch.Tensor:
    h = x.flatten(0, 1)
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        h = (h @ weight + bias).relu()
    h = h @ network.weights[-1] + network.biases[-1]
    h = h.relu() if network.final_relu else h
    return (tasks(h.view(*y.shape, -1)) - y).square().mean()


@pytest.mark.parametrize("kind", ["linear", "mlp"])
@pytest.mark.parametrize("final_relu", [False, True])
def test_gradients_are_torchs(kind: str, final_relu: bool) -> None:
    x, y, tasks = problem(kind)
    starts = [start(seed, final_relu) for seed in (0, 1)]
    networks = Networks(starts)
    residual = networks.gradients(Given(x.numpy(), y.numpy(), tasks).everything())
    for place, one in enumerate(starts):
        network = differentiable(one)
        loss = torch_loss(network, x, y, tasks)
        loss.backward()
        assert np.square(residual[place]).mean() == pytest.approx(loss.item(), rel=1e-5)
        expected = [
            torch.cat([weight.grad, bias.grad[None]]).T.flatten()
            for weight, bias in zip(network.weights, network.biases, strict=True)
        ]
        np.testing.assert_allclose(
            networks.gradient[place], torch.cat(expected).numpy(), rtol=1e-4, atol=1e-6
        )


@pytest.mark.parametrize("order", ["together", "sequential"])
@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_a_descent_is_that_of_torchs_optimizer_on_the_same_batches(optimizer, order) -> None:
    how = How(optimizer, order, epochs=3, batch=6, rate=1e-2)
    [found] = descended([start(0)], how)
    x, y, tasks = problem()
    network = differentiable(start(0))
    make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimizer]
    descent = make(network.parameters(), lr=how.rate)
    per_task = 2 if order == "together" else 6
    steps = 3 * (5 if order == "together" else 2 * T)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(descent, steps)
    shuffles = generator_for(0, "order", T, N)
    for _epoch in range(3):
        shuffled = torch.rand(T, N, generator=shuffles).argsort(1)
        x_epoch = x.gather(1, shuffled[..., None].expand_as(x))
        y_epoch = y.gather(1, shuffled)
        for some in [slice(0, T)] if order == "together" else [slice(i, i + 1) for i in range(T)]:
            these = ManyHeads("linear", tuple(p[some] for p in tasks.parameters))
            for at in range(0, N, per_task):
                rows = slice(at, at + per_task)
                descent.zero_grad()
                torch_loss(network, x_epoch[some, rows], y_epoch[some, rows], these).backward()
                descent.step()
                if optimizer == "adam":
                    schedule.step()
    for ours, theirs in zip(found.network.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-5)
    expected = torch_loss(network, x, y, tasks).item() / y.var().item()
    assert found.loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("order", ["together", "sequential"])
@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_a_network_ends_the_same_to_the_last_bit_whatever_stands_beside_it(kind, order) -> None:
    how = How("adamw", order, epochs=3, batch=6, rate=1e-2)
    starts = [start(seed) for seed in range(4)]
    together = descended(starts, how, kind)
    for place, one in enumerate(starts):
        [alone] = descended([one], how, kind)
        assert (alone.curve, alone.loss) == (together[place].curve, together[place].loss)
        for ours, theirs in zip(
            alone.network.parameters(), together[place].network.parameters(), strict=True
        ):
            assert torch.equal(ours, theirs)


def test_starts_and_tasks_stay_as_they_are() -> None:
    one = start(0)
    x, y, tasks = problem()
    before = [p.clone() for p in (*one.parameters(), x, y, *tasks.parameters)]
    descend([one], x, y, tasks, HOW, "work", silent)
    for old, now in zip(before, (*one.parameters(), x, y, *tasks.parameters), strict=True):
        assert torch.equal(old, now)


@pytest.mark.parametrize(
    ("order", "batch", "expected"),
    [
        ("together", 12, [(T, 4), (T, 4), (T, 2)]),
        ("sequential", 4, [(1, 4), (1, 4), (1, 2)] * T),
        ("together", 1, [(T, 1)] * N),
    ],
)
def test_batches_are_of_all_tasks_or_of_one_after_the_other(
    order: str, batch: int, expected: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Batch] = []
    original = Networks.gradients

    def spy(self: Networks, given: Batch):
        seen.append(given)
        return original(self, given)

    monkeypatch.setattr(Networks, "gradients", spy)
    descended([start(0)], How("adamw", order, epochs=1, batch=batch, rate=1e-2))
    assert [given.labels.shape for given in seen] == expected
    x, y, _ = problem()
    labels = np.concatenate([given.labels.ravel() for given in seen])
    assert sorted(labels) == sorted(y.flatten().tolist())
    # Every input stands with its own label.
    inputs = np.concatenate([given.inputs.T for given in seen])[:, :-1]
    rows = map(tuple, x.flatten(0, 1).numpy())
    pairs = dict(zip(rows, y.flatten().tolist(), strict=True))
    assert all(pairs[tuple(row)] == label for row, label in zip(inputs, labels, strict=True))
