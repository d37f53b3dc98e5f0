import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol.heads.many import ManyHeads
from w2s_mol.synthetic.networks import (
    Mlp,
    as_he_draws,
    as_torch_draws,
    generator_for,
    perturbed,
    random_tasks,
    with_share_in_span,
)

SIZES = [8, 16, 16, 16]
purposes = st.lists(st.text(max_size=4), max_size=3)


def network(sizes: list[int] = SIZES, seed: int = 0, final_relu: bool = False) -> Mlp:
    return as_torch_draws(sizes, final_relu, generator_for(seed, "a test"))


def drawn(generator: torch.Generator) -> list[float]:
    return torch.rand(4, generator=generator).tolist()


@pytest.mark.parametrize("final_relu", [False, True])
@pytest.mark.parametrize("sizes", [[3, 5], SIZES])
def test_a_network_is_torchs_linear_layers_with_relu_between_and_perhaps_after(
    sizes: list[int], final_relu: bool
) -> None:
    found = network(sizes, final_relu=final_relu)
    layers: list[torch.nn.Module] = []
    for weight, bias in zip(found.weights, found.biases, strict=True):
        linear = torch.nn.Linear(*weight.shape)
        linear.weight.data, linear.bias.data = weight.T, bias
        layers += [linear, torch.nn.ReLU()]
    x = torch.randn(20, sizes[0], generator=generator_for(0, "x"))
    torch.testing.assert_close(
        found(x), torch.nn.Sequential(*layers[: None if final_relu else -1])(x)
    )


@pytest.mark.parametrize("sizes", [[3, 5], SIZES])
def test_a_network_leaves_its_input_as_it_was(sizes: list[int]) -> None:
    x = torch.randn(20, sizes[0], generator=generator_for(0, "x"))
    before = x.clone()
    network(sizes, final_relu=True)(x)
    assert torch.equal(x, before)


def test_a_network_in_float64_is_the_same_function() -> None:
    x = torch.randn(20, 8, generator=generator_for(0, "x"))
    found = network().double()(x.double())
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.float(), network()(x))


def test_h_star_is_drawn_as_torchs_linear_layers_are() -> None:
    found = network([400, 50, 50])
    for inputs, weight, bias in zip((400, 50), found.weights, found.biases, strict=True):
        bound = inputs**-0.5
        assert weight.shape == (inputs, 50)
        assert 0.98 * bound < weight.abs().max() <= bound
        assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.05)
        assert 0.5 * bound < bias.abs().max() <= bound


def test_a_start_of_training_keeps_the_spread_through_its_layers() -> None:
    """He initialisation; with torch's default the signal fades to a constant by depth 8."""
    sizes = [64, *[64] * 8]
    x = torch.randn(500, 64, generator=generator_for(0, "x"))
    start = as_he_draws(sizes, False, generator_for(0, "start"))
    assert all(not bias.any() for bias in start.biases)
    assert start(x).std(dim=0).mean() > 0.3
    assert network(sizes)(x).std(dim=0).mean() < 0.03


def test_perturbation_moves_every_weight_and_no_bias() -> None:
    clean = network()
    noisy = perturbed(clean, 0.05, generator_for(0, "noise"))
    for before, after in zip(clean.weights, noisy.weights, strict=True):
        assert (before != after).all()
    for before, after in zip(clean.biases, noisy.biases, strict=True):
        assert torch.equal(before, after)
    assert perturbed(network(final_relu=True), 0.05, generator_for(0, "noise")).final_relu
    for kept, again in zip(clean.parameters(), network().parameters(), strict=True):
        assert torch.equal(kept, again)


@settings(deadline=None)
@given(st.floats(1e-3, 10), st.integers(0, 1000))
def test_perturbation_has_the_standard_deviation_asked_for(sigma: float, seed: int) -> None:
    clean = Mlp((torch.zeros(50, 50),) * 2, (torch.zeros(50),) * 2, final_relu=False)
    noisy = perturbed(clean, sigma, generator_for(seed, "noise"))
    noise = torch.cat([w.flatten() for w in noisy.weights])
    assert noise.std() == pytest.approx(sigma, rel=0.1)
    assert abs(noise.mean()) < 0.1 * sigma
    assert not torch.equal(*noisy.weights)


def test_perturbation_by_nothing_gives_the_network_back() -> None:
    same = perturbed(network(), 0, generator_for(0, "noise"))
    for before, after in zip(network().parameters(), same.parameters(), strict=True):
        assert torch.equal(before, after)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**70), purposes, st.integers(0, 2**70), purposes)
def test_each_seed_and_purpose_has_draws_of_its_own(one, this, other, that) -> None:
    same = (one, this) == (other, that)
    first = drawn(generator_for(one, *this))
    assert first == drawn(generator_for(one, *this))
    assert (first == drawn(generator_for(other, *that))) == same


def test_what_is_drawn_for_one_purpose_does_not_move_another() -> None:
    before = torch.get_rng_state()
    expected = drawn(generator_for(0, "noise"))
    first = generator_for(0, "noise")
    drawn(generator_for(0, "tasks"))
    assert drawn(first) == expected
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_tasks_are_each_their_own_function_of_their_own_inputs(kind) -> None:
    generator = generator_for(0, "a test")
    tasks = random_tasks(kind, "normal", 3, 5, 7, generator)
    shifted = [p + torch.randn(p.shape, generator=generator) for p in tasks.parameters]
    tasks = ManyHeads(kind, tuple(shifted))
    h = torch.randn(3, 11, 5, generator=generator)
    found = tasks(h).numpy()
    for task in range(3):
        *hidden, w, c = (p[task].numpy() for p in tasks.parameters)
        x = h[task].numpy()
        x = np.maximum(x @ hidden[0] + hidden[1], 0) if kind == "mlp" else x
        np.testing.assert_allclose(found[task], x @ w + c, rtol=1e-4, atol=1e-5)


def test_linear_tasks_are_standard_normal_without_intercept() -> None:
    w, c = random_tasks("linear", "normal", 200, 50, 7, generator_for(0, "tasks")).parameters
    assert w.shape == (200, 50)
    assert w.mean() == pytest.approx(0, abs=0.03)
    assert w.std() == pytest.approx(1, abs=0.03)
    assert not c.any()


def test_mlp_tasks_are_not_linear() -> None:
    tasks = random_tasks("mlp", "normal", 4, 5, 7, generator_for(0, "tasks"))
    h = torch.randn(4, 11, 5, generator=generator_for(0, "h"))
    assert not torch.allclose(tasks(h) + tasks(-h), torch.zeros(4, 11), atol=0.1)


def test_tasks_by_default_are_drawn_as_torchs_linear_layers_with_their_bias() -> None:
    w, c = random_tasks("linear", "default", 200, 25, 7, generator_for(0, "tasks")).parameters
    for values in (w, c):
        assert 0.95 * 25**-0.5 < values.abs().max() <= 25**-0.5
    parameters = random_tasks("mlp", "default", 50, 25, 4, generator_for(0, "tasks")).parameters
    for values, inputs in zip(parameters, (25, 25, 4, 4), strict=True):
        assert 0.8 * inputs**-0.5 < values.abs().max() <= inputs**-0.5


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_a_task_lies_in_the_span_of_others(share: float) -> None:
    def drawn_tasks(m: int) -> ManyHeads:
        tasks = random_tasks("linear", "default", m, 16, 1, generator_for(0, "tasks", m))
        return tasks.to(torch.float64)

    tasks, others = drawn_tasks(20), drawn_tasks(5)
    mixed = with_share_in_span(tasks, others, share)
    span = np.linalg.qr(others.parameters[0].numpy().T)[0]
    w, before = mixed.parameters[0].numpy(), tasks.parameters[0].numpy()
    inside, inside_before = (weights @ span @ span.T for weights in (w, before))
    np.testing.assert_allclose((inside**2).sum(1), share * (before**2).sum(1), atol=1e-12)
    np.testing.assert_allclose((w**2).sum(1), (before**2).sum(1))
    assert torch.equal(mixed.parameters[1], tasks.parameters[1])
    # Each part points where it did.
    for part, old in ((inside, inside_before), (w - inside, before - inside_before)):
        size = np.linalg.norm(part, axis=1) * np.linalg.norm(old, axis=1)
        np.testing.assert_allclose((part * old).sum(1), size, atol=1e-12)
