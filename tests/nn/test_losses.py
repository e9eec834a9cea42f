"""Every loss beside PyTorch's: values, gradients, second gradients, as a function and as a module; and what all share."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)


def normal(*shape):
    return np.asarray(draws.normal(size=shape))


def positive(*shape):
    return np.asarray(np.abs(draws.normal(size=shape)) + 0.05)


def share(*shape):
    return np.asarray(draws.uniform(0.05, 0.95, size=shape))


def signs(*shape):
    return np.where(draws.random(shape) < 0.5, -1.0, 1.0)


def classes(*shape, ignored=0):
    numbers = np.asarray(draws.integers(0, 3, shape))
    numbers.ravel()[:ignored] = -100
    return numbers


LABELS = np.array([[3, 0, -1, 1], [2, -1, -1, -1]])
W = positive(3)

# name, module, inputs, how many of them are differentiated, options
CASES = [
    *[
        (name, module, (normal(*s), normal(*s)), 2, options)
        for s in [(2, 3), ()]
        for name, module, options in [
            ("mse_loss", "MSELoss", {}),
            ("l1_loss", "L1Loss", {}),
            ("huber_loss", "HuberLoss", {"delta": 0.7}),
            ("smooth_l1_loss", "SmoothL1Loss", {"beta": 0.3}),
            ("smooth_l1_loss", "SmoothL1Loss", {"beta": 0.0}),
        ]
    ],
    ("mse_loss", None, (normal(4, 3), normal(4, 3)), 2, {"weight": positive(4, 3)}),
    ("l1_loss", None, (normal(4, 3), normal(4, 3)), 2, {"weight": positive(4, 3)}),
    ("huber_loss", None, (normal(4, 3), normal(4, 3)), 2, {"weight": positive(4, 3)}),
    *[
        ("gaussian_nll_loss", "GaussianNLLLoss", (normal(4, 3), normal(4, 3), v), 3, options)
        for v in (positive(4, 3), positive(4), positive(4, 1))
        for options in ({}, {"full": True}, {"eps": 0.5})
    ],
    ("poisson_nll_loss", "PoissonNLLLoss", (normal(4, 3), 4.0 * positive(4, 3)), 1, {}),
    ("poisson_nll_loss", "PoissonNLLLoss", (normal(4, 3), 4.0 * positive(4, 3)), 1, {"full": True}),
    ("poisson_nll_loss", "PoissonNLLLoss", (positive(4, 3), positive(4, 3)), 2, {"log_input": False, "eps": 1e-3}),
    ("kl_div", "KLDivLoss", (np.log(share(4, 3)), share(4, 3)), 2, {}),
    ("kl_div", "KLDivLoss", (np.log(share(4, 3)), np.log(share(4, 3))), 2, {"log_target": True}),
    ("binary_cross_entropy", "BCELoss", (share(4, 3), share(4, 3)), 2, {}),
    ("binary_cross_entropy", "BCELoss", (share(4, 3), share(4, 3)), 2, {"weight": W}),
    ("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", (normal(4, 3), share(4, 3)), 2, {}),
    ("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", (normal(4, 3), share(4, 3)), 2, {"weight": positive(4, 1)}),
    ("binary_cross_entropy_with_logits", "BCEWithLogitsLoss", (normal(4, 3), share(4, 3)), 2, {"pos_weight": W}),
    *[
        ("cross_entropy", "CrossEntropyLoss", (normal(*s), classes(*s[:1], *s[2:]) if len(s) > 1 else classes()), 1, options)
        for s in [(4, 3), (2, 3, 5), (2, 3, 2, 2), (3,)]
        for options in ({}, {"weight": W}, {"label_smoothing": 0.1}, {"weight": W, "label_smoothing": 0.2})
    ],
    *[
        ("cross_entropy", "CrossEntropyLoss", (normal(2, 3, 5), classes(2, 5, ignored=3)), 1, options)
        for options in ({}, {"weight": W}, {"label_smoothing": 0.1}, {"weight": W, "label_smoothing": 0.2})
    ],
    ("cross_entropy", "CrossEntropyLoss", (normal(4, 3), np.array([0, 1, 2, 1])), 1, {"ignore_index": 1}),
    *[
        ("cross_entropy", "CrossEntropyLoss", (normal(*s), share(*s)), 2, options)
        for s in [(4, 3), (2, 3, 5), (3,)]
        for options in ({}, {"weight": W}, {"label_smoothing": 0.1}, {"weight": W, "label_smoothing": 0.2})
    ],
    *[("nll_loss", "NLLLoss", (normal(2, 3, 5), classes(2, 5, ignored=2)), 1, o) for o in ({}, {"weight": W})],
    ("nll_loss", "NLLLoss", (normal(3), classes()), 1, {}),
    ("hinge_embedding_loss", "HingeEmbeddingLoss", (normal(4, 3), signs(4, 3)), 1, {"margin": 0.6}),
    ("soft_margin_loss", "SoftMarginLoss", (normal(4, 3), signs(4, 3)), 1, {}),
    ("margin_ranking_loss", "MarginRankingLoss", (normal(5), normal(5), signs(5)), 2, {"margin": 0.2}),
    ("multi_margin_loss", "MultiMarginLoss", (normal(4, 3), classes(4)), 1, {"weight": W}),
    ("multi_margin_loss", "MultiMarginLoss", (normal(3), classes()), 1, {"p": 2, "margin": 0.8}),
    ("multilabel_margin_loss", "MultiLabelMarginLoss", (normal(2, 4), LABELS), 1, {}),
    ("multilabel_margin_loss", "MultiLabelMarginLoss", (normal(4), LABELS[0]), 1, {}),
    ("multilabel_soft_margin_loss", "MultiLabelSoftMarginLoss", (normal(4, 3), np.round(share(4, 3))), 1, {"weight": W}),
    ("cosine_embedding_loss", "CosineEmbeddingLoss", (normal(4, 3), normal(4, 3), signs(4)), 2, {"margin": 0.1}),
    *[
        ("triplet_margin_loss", "TripletMarginLoss", (normal(4, 3), normal(4, 3), normal(4, 3)), 3, {"p": p, "swap": swap})
        for p in (1.0, 2.0, 3.0)
        for swap in (False, True)
    ],
    ("triplet_margin_with_distance_loss", "TripletMarginWithDistanceLoss", (normal(4, 3), normal(4, 3), normal(4, 3)), 3, {}),
]
SIMILARITIES = [
    ("cosine_similarity", "CosineSimilarity", (normal(4, 3), normal(4, 3)), {}),
    ("cosine_similarity", "CosineSimilarity", (normal(4, 3), normal(1, 3)), {"dim": -1}),
    *[("pairwise_distance", "PairwiseDistance", (normal(4, 3), normal(4, 3)), {"p": p}) for p in (1.0, 2.0, 3.0)],
    ("pairwise_distance", "PairwiseDistance", (normal(4, 3), normal(3)), {"keepdim": True}),
]
NO_SECOND = {"multi_margin_loss", "multilabel_margin_loss"}  # PyTorch has none


def ours(inputs, count):
    return [ac.tensor(x, requires_grad=i < count) for i, x in enumerate(inputs)]


def close(ours, theirs, tolerance=1e-12):
    ours, theirs = ours.detach().numpy(), theirs.detach().resolve_neg().numpy(force=True)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def compare(torch, f, g, inputs, count, second=True, tolerance=1e-12):
    """Values, gradients and second gradients of two functions, ours and PyTorch's."""
    xs = ours(inputs, count)
    zs = [torch.tensor(x, requires_grad=i < count) for i, x in enumerate(inputs)]
    y, w = f(*xs), g(*zs)
    close(y, w)
    factors = np.cos(np.arange(y.size)).reshape(y.shape)
    first = ac.gradients(ac.sum(y * factors), xs[:count], create_graph=True)
    others = torch.autograd.grad((w * torch.tensor(factors)).sum(), zs[:count], create_graph=True)
    for a, b in zip(first, others, strict=True):
        close(a, b)
    bent = sum(torch.sin(b).sum() for b in others)
    if second and bent.requires_grad:
        theirs = torch.autograd.grad(bent, zs[:count], allow_unused=True)
        mine = ac.gradients(sum(ac.sum(ac.sin(a)) for a in first), xs[:count], allow_unused=True)
        for a, b, x in zip(mine, theirs, inputs, strict=False):
            none = np.zeros(x.shape)
            close(ac.tensor(none) if a is None else a, torch.tensor(none) if b is None else b, tolerance)


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")  # PyTorch's, of the mean of kl_div
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name, module, inputs, count, options", CASES)
def test_a_loss_is_pytorchs(name, module, inputs, count, options, reduction):
    torch = pytest.importorskip("torch")
    theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    tolerance = 1e-9 if name == "binary_cross_entropy" else 1e-12  # PyTorch adds 1e-12 to p in its second derivative
    for f, g in [
        (getattr(nn.functional, name), getattr(torch.nn.functional, name)),
        *([(getattr(nn, module), getattr(torch.nn, module))] if module else []),
    ]:
        if isinstance(f, type):
            f, g = f(**options, reduction=reduction), g(**theirs, reduction=reduction)
            compare(torch, f, g, inputs, count, name not in NO_SECOND, tolerance)
        else:
            compare(
                torch,
                lambda *xs, f=f: f(*xs, **options, reduction=reduction),
                lambda *xs, g=g: g(*xs, **theirs, reduction=reduction),
                inputs,
                count,
                name not in NO_SECOND,
                tolerance,
            )


@pytest.mark.parametrize("name, module, inputs, options", SIMILARITIES)
def test_a_similarity_is_pytorchs(name, module, inputs, options):
    torch = pytest.importorskip("torch")
    f, g = getattr(nn.functional, name), getattr(torch.nn.functional, name)
    compare(torch, lambda *xs: f(*xs, **options), lambda *xs: g(*xs, **options), inputs, 2)
    compare(torch, getattr(nn, module)(**options), getattr(torch.nn, module)(**options), inputs, 2)


# -- without PyTorch -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, module, inputs, count, options", CASES)
def test_derivatives_are_right(name, module, inputs, count, options):
    if name == "smooth_l1_loss" and not options["beta"]:
        options = {"beta": 0.1}
    if "eps" in options and name == "gaussian_nll_loss":
        pytest.skip("the derivative by a variance below eps is that of eps by choice")
    f, constants = getattr(nn, name), inputs[count:]
    ac.testing.gradcheck(lambda *xs: f(*xs, *constants, **options), inputs[:count], order=2)


@pytest.mark.parametrize("name, module, inputs, count, options", CASES)
def test_float32_stays(name, module, inputs, count, options):
    f = getattr(nn, name)
    xs = [ac.tensor(np.float32(x) if x.dtype.kind == "f" else x, requires_grad=i < count) for i, x in enumerate(inputs)]
    y = f(*xs, **{k: np.float32(v) if isinstance(v, np.ndarray) else v for k, v in options.items()})
    assert y.dtype == np.float32
    assert all(g.dtype == np.float32 for g in ac.gradients(y, xs[:count]))


BATCHED = [case for case in CASES if case[2][0].ndim > 1 and case[2][1].ndim > 1 and "weight" not in case[4]]
BATCHED = [case for case in BATCHED if case[0] not in ("cross_entropy", "nll_loss") or case[2][0].ndim == 2]


@pytest.mark.parametrize("name, module, inputs, count, options", BATCHED)
def test_losses_run_under_vmap(name, module, inputs, count, options):
    f = getattr(nn, name)
    if name == "gaussian_nll_loss":
        inputs = (*inputs[:2], positive(4, 3))
    if name.startswith("cosine"):
        pytest.skip("one example has one target")
    mapped = ac.vmap(lambda *xs: f(*xs, **options))(*map(ac.tensor, inputs))
    each = [f(*row, **options).item() for row in zip(*inputs, strict=True)]
    np.testing.assert_allclose(mapped.numpy(), each, rtol=1e-14)


def test_class_numbers_under_vmap():
    x, t = normal(4, 3), np.array([0, 2, -100, 1])
    mapped = ac.vmap(lambda x, t: nn.cross_entropy(x, t, reduction="none"))(ac.tensor(x), ac.tensor(t))
    assert np.array_equal(mapped.numpy(), nn.cross_entropy(x, t, reduction="none").numpy())
    with pytest.raises(IndexError, match="3 is out of range"):
        ac.vmap(lambda x, t: nn.cross_entropy(x, t))(ac.tensor(x), ac.tensor([0, 3, 1, 1]))


MODULES = sorted({module for _, module, *_ in CASES if module} | {"HingeLoss"})


@pytest.mark.parametrize("module", MODULES)
def test_an_unknown_reduction_is_refused(module):
    with pytest.raises(ValueError, match=r"one of mean, sum, none.*; got 'avg'"):
        getattr(nn, module)(reduction="avg")


@pytest.mark.parametrize("name, module, inputs, count, options", CASES)
def test_a_function_refuses_it_too(name, module, inputs, count, options):
    with pytest.raises(ValueError, match=r"one of mean, sum, none.*; got 'avg'"):
        getattr(nn, name)(*inputs, **options, reduction="avg")


def test_weights_are_buffers():
    loss = nn.CrossEntropyLoss(weight=[1.0, 2.0])
    assert {name: b.tolist() for name, b in loss.state_dict().items()} == {"weight": [1.0, 2.0]}
    assert loss.float().weight.dtype == np.float32
    assert repr(loss) == "CrossEntropyLoss()"
    assert not nn.CrossEntropyLoss().state_dict()
