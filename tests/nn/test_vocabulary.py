"""PyTorch's functions and methods: each expression means the same here as there, and so does its derivative."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from nn import compat

# x has shape (2, 3, 4), z (2, 3, 4), s (3, 3), v (3,), all floating; i (2, 3, 4) whole, m (2, 3, 4) boolean.
SMOOTH = """
x.reshape(6, -1) | x.view(2, 12) | x.view((4, 6)) | torch.reshape(x, (3, 8)) | torch.reshape(x, shape=(3, 8))
x.permute(2, 0, 1) | x.permute((1, 0, 2)) | torch.permute(x, dims=(1, 0, 2)) | x.transpose(0, 2)
torch.transpose(x, -1, 1) | s.t() | torch.t(v) | s.T | x.mT | x.unsqueeze(-1) | torch.unsqueeze(x, dim=1)
x.unsqueeze(1).squeeze(1) | x.squeeze(0) | x[:1].squeeze() | x[:, :1].squeeze((0, 1)) | x[:1].expand(5, -1, -1)
v.expand(2, 3) | torch.broadcast_to(v, (2, 3)) | v.repeat(2, 2) | v.tile(2) | x.repeat_interleave(2, dim=1)
v.repeat_interleave(torch.tensor([1, 0, 2])) | x.flip(0, 2) | torch.flip(x, dims=[1]) | x.roll(1)
torch.roll(x, shifts=(1, 2), dims=(0, 2)) | torch.rot90(s, 1, [0, 1]) | x.movedim(0, 2) | x.swapaxes(0, 1)
x.flatten() | x.flatten(1) | torch.flatten(x, start_dim=0, end_dim=1) | x.unflatten(2, (2, 2)) | x.ravel()
x.split(2, dim=1)[1] | x.split([1, 2], 1)[1] | torch.chunk(x, 3, -1)[1] | x.chunk(3, 2)[1] | x.unbind(1)[2]
x.narrow(2, 1, 2) | x.select(1, 2) | x.unfold(2, 2, 1) | x.unfold(1, 2, 2) | x[0, 1:, ::2] | x[..., None, 0] | x[m]
x[i[0, 0, 0] % 2] | x[:, [2, 0]] | torch.cat([x, z], 1) | torch.cat((x, z), dim=-1) | torch.stack([x, z], dim=2)
torch.hstack([s, s]) | torch.vstack([v, v]) | torch.tensor_split(x, 2, dim=2)[1]
torch.meshgrid(v, v, indexing="ij")[0] | torch.meshgrid(v, v, indexing="xy")[1] | torch.tril(s) | s.triu(1)
torch.diag(s) | torch.diag(v, 1) | s.diagonal() | torch.diagonal(x, 1, 1, 2) | s.trace() | torch.adjoint(s)
x.masked_fill(m, 0.5) | x.masked_select(m) | torch.masked_select(x, m) | torch.where(m, x, z) | x.where(m, z)
torch.where(m, x, 0.0) | x.gather(2, i % 4) | torch.gather(x, 1, i % 3) | torch.take_along_dim(x, i % 2, 0)
x.index_select(1, torch.tensor([2, 0, 2])) | torch.take(x, i) | x.scatter(1, i % 3, 0.5)
x.scatter(2, i[:, :, :1] % 4, z[:, :, 1:2]) | x.scatter_add(2, i % 4, z) | v.index_add(0, i[0, 0] % 3, z[0, 0])
v.index_fill(0, torch.tensor([0, 2]), 9.0) | v.index_copy(0, torch.tensor([0, 2]), z[0, 0, :2])
v.index_put((torch.tensor([1]),), z[0, 0, :1]) | x.add(z, alpha=2) | torch.add(x, 3) | x.sub(z, alpha=0.5) | x.mul(z)
x.div(z) | torch.div(x, z, rounding_mode=None) | 2 - x | 2 / z | x ** 2 | x.pow(3) | torch.pow(torch.abs(x), 1.5)
x.neg() | -x | x.square() | x.abs().sqrt() | x.abs().rsqrt() | x.reciprocal() | x.exp() | x.abs().log()
x.abs().log1p() | x.expm1() | x.sin() | x.cos() | x.tan() | x.tanh() | x.sigmoid() | x.relu() | x.frac() | x.atan2(z)
torch.atan2(input=x, other=z) | x.erf() | torch.special.erfc(x) | x.abs().lgamma() | x.sinc() | torch.hypot(x, z)
x.clamp(-0.5, 0.5) | torch.clamp(x, min=0.1) | x.clamp(max=0.2) | x.clip(min=0.0) | x.clamp_min(0.1)
torch.clamp_max(x, 0.1) | torch.maximum(x, z) | x.minimum(z) | torch.max(x, z) | torch.lerp(x, z, 0.3)
torch.addcmul(x, x, z, value=0.5) | x.addcdiv(x, z, value=2) | s.mm(s) | s @ v | s.mv(v)
torch.matmul(x, x.transpose(1, 2)) | x.bmm(z.transpose(1, 2)) | v.dot(v) | torch.outer(v, v) | v.ger(v)
torch.addmm(s, s, s, beta=0.5, alpha=2) | torch.einsum("bij,bkj->bik", x, z)
torch.tensordot(x, z, dims=([1, 2], [1, 2])) | torch.kron(s, s) | torch.cross(v, z[0, :, 0], dim=0)
torch.cdist(s, s[:2] + 1) | torch.dist(x, z) | torch.baddbmm(s, x[:, :, :3], x[:, :, 1:]) | v.addmv(s, v) | x.sum()
x.sum(1) | x.sum(dim=(0, 2), keepdim=True) | torch.sum(x, [0, 1]) | x.sum(-1, True) | x.mean()
x.mean(1, keepdim=True) | x.mean([1, 2]) | x.prod(1) | x.std() | x.std(1) | torch.std(x, dim=0, unbiased=False)
x.std(1, keepdim=True) | x.var(2, correction=0) | x.var(unbiased=False) | x.std(dim=(0, 1)) | x.norm() | x.norm(dim=1)
x.norm(1, dim=2) | torch.norm(x, p=3, dim=1, keepdim=True) | torch.linalg.norm(x, dim=1) | x.max() | x.min()
x.max(1).values | x.max(dim=1)[0] | x.min(2, keepdim=True)[0] | torch.max(x, 1)[0] | x.amax((0, 2)) | x.amin(1)
x.median() | x.median(1).values | x.sort(1)[0] | x.sort(descending=True).values | x.topk(2, dim=2).values
x.topk(2, 1, largest=False)[0] | x.kthvalue(2, 1).values | torch.aminmax(x)[1] | torch.std_mean(x, 1)[0]
torch.var_mean(x, 1, keepdim=True)[1] | x.quantile(0.3, dim=1) | x.cumsum(1) | x.cumprod(dim=2)
torch.logcumsumexp(x, 1) | x.logsumexp(1) | torch.logsumexp(x, (0, 1), keepdim=True) | x.softmax(-1)
x.log_softmax(dim=1) | torch.softmax(x, 1) | x.diff() | torch.trapezoid(x, dim=1) | torch.trapz(x, dx=0.5)
torch.det(s) | s.inverse() | torch.linalg.solve(s, v) | s.matrix_power(2) | torch.linalg.svdvals(s)
torch.slogdet(s)[1] | torch.fft.irfft(torch.fft.rfft(x, dim=1), n=3, dim=1) | torch.nn.functional.pad(x, (1, 2))
torch.conv1d(x, z) | x.view_as(z.view(4, 6)) | v.expand_as(s) | x.type_as(z) | x.double() | x.to(torch.float64)
x.clone() | x.contiguous() | x.cpu().to("cpu") | +x
"""
VALUES = """
i.sum() | i.double().mean() | i + 1 | i / 2 | i // 2 | torch.div(i, 2, rounding_mode="floor")
torch.div(-i, 4, rounding_mode="trunc") | i % 3 | i * 0.5 | x > z | x.gt(0) | x.le(z) | x.eq(z) | x.ne(0)
torch.eq(i, 3) | m & ~m | m | (x > 0) | torch.logical_and(m, x > 0) | m.logical_not() | torch.isfinite(x) | m.any()
m.all(1) | torch.any(m, dim=2, keepdim=True) | m.sum() | m.sum(1) | m.float() | i.bool() | x.long() | x.int()
x.half() | m.to(torch.int64) | x.float() | x.argmax() | x.argmax(1) | x.argmin(dim=2, keepdim=True) | x.max(1).indices
x.sort(2)[1] | x.argsort(1, descending=True) | x.topk(2).indices | x.median(2)[1] | m.nonzero() | torch.nonzero(i)
torch.where(m)[1] | m.nonzero(as_tuple=True)[2] | torch.argwhere(m) | torch.count_nonzero(m, dim=1) | i.unique()
torch.unique(i % 5, return_counts=True)[1] | torch.bincount(i.view(-1)) | torch.sign(x) | x.floor() | x.ceil()
x.round() | x.trunc() | x.round(decimals=1) | torch.zeros(2, 3) | torch.zeros((2, 3)) | torch.zeros(size=(2,))
torch.ones(3, dtype=torch.long) | torch.full((2, 2), 7) | torch.full((2,), 1.5) | torch.eye(2, 3) | torch.arange(5)
torch.arange(1, 4) | torch.arange(0, 1, 0.25) | torch.arange(1.0) | torch.arange(5, 1, -2) | torch.linspace(0, 1, 5)
torch.linspace(0, 1, steps=3) | torch.logspace(0, 2, 3) | torch.zeros_like(i) | torch.ones_like(x, dtype=torch.int32)
torch.full_like(x, 2) | torch.empty_like(v).fill_(1) | x.new_zeros(2, 2) | i.new_ones(3) | x.new_tensor([1, 2])
x.new_full((2,), 3.0) | torch.tensor([1, 2.5]) | torch.tensor(3) | torch.tensor([True]) | torch.as_tensor([1, 2])
torch.from_numpy(np.arange(3)) | torch.tensor([1, 2], dtype=torch.float32) | torch.Tensor([[1, 2]]).double()
torch.LongTensor([1, 2]) | torch.FloatTensor([1, 2]) | torch.tril_indices(3, 3) | torch.triu_indices(3, 4, 1)
torch.searchsorted(torch.tensor([1.0, 3.0, 5.0]), v) | torch.bucketize(v, torch.tensor([0.0, 1.0]))
torch.histc(x, bins=4, min=-1, max=1) | torch.heaviside(x, z) | torch.isclose(x, x + 1e-9) | x.detach() | x.data
torch.nan_to_num(x / 0) | torch.tensor(x.size()) | torch.tensor(x.shape[1:])
torch.tensor([x.numel(), x.dim(), x.size(-1)]) | torch.tensor([x.nelement(), x.element_size(), len(x), x.ndim])
torch.tensor(x.stride()) | torch.cov(s) | torch.corrcoef(s) | v.int().type(torch.int64) | torch.clone(i)
"""
IN_PLACE = """
y.add_(1) | y.add_(z, alpha=2) | y.sub_(z) | y.mul_(2) | y.div_(z) | y.pow_(2) | y.clamp_(min=0) | y.zero_()
y.fill_(3) | y.exp_() | y.neg_() | y.abs_() | y.copy_(z) | y.copy_(i) | y.masked_fill_(m, 0.0) | y.sigmoid_()
y.tanh_() | y.relu_() | y.sqrt_().nan_to_num_() | y.addcmul_(z, z, value=0.1) | y.addcdiv_(z, z + 9, value=-0.1)
y.lerp_(z, 0.2) | y.scatter_(1, i % 3, 0.5) | y.index_fill_(1, torch.tensor([0]), 2.0) | y.round_() | y.unsqueeze_(0)
y.transpose_(0, 1) | y.clamp_(0, 1).mul_(2) | y.index_add_(0, torch.tensor([1, 0]), z) | y.requires_grad_(False)
y.cumsum_(1) | y.triu_() | y.detach_() | y.uniform_(2, 2) | y.normal_(1, 0) | y.bernoulli_(1.0) | y.floor_()
"""


def listed(text):
    return [each.strip() for line in text.strip().splitlines() for each in line.split(" | ")]


draws = np.random.default_rng(3)
DATA = {
    "x": draws.normal(size=(2, 3, 4)),
    "z": draws.normal(size=(2, 3, 4)) + 3.0,
    "s": draws.normal(size=(3, 3)),
    "v": draws.normal(size=3),
    "i": draws.permutation(24).reshape(2, 3, 4),
    "m": draws.random((2, 3, 4)) < 0.5,
}


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(torch.float32)


def named(torch, gradients=False):
    names = {name: torch.tensor(a) for name, a in DATA.items()}
    if gradients:
        for name in "xzsv":
            names[name].requires_grad_()
    return names | {"torch": torch, "np": np}


def same(a, b):
    assert type(a) is compat.Tensor
    a, b = a.detach().numpy(), b.detach().numpy()
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("expression", listed(SMOOTH))
def test_an_expression_and_its_gradients(expression, torch):
    ours, theirs = named(compat, True), named(torch, True)
    a, b = eval(expression, ours), eval(expression, theirs)
    same(a, b)
    (a * a.cos()).sum().backward()
    (b * b.cos()).sum().backward()
    for name in "xzsv":
        g, h = ours[name].grad, theirs[name].grad
        assert (g is None) == (h is None)
        if g is not None:
            same(g, h)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", listed(VALUES))
def test_an_expression(expression, torch):
    same(eval(expression, named(compat)), eval(expression, named(torch)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", listed(IN_PLACE))
def test_a_change_in_place(expression, torch):
    for change in ("x.clone()", "x * 1"):
        found = []
        for names in (named(compat, change == "x * 1"), named(torch, change == "x * 1")):
            if change == "x * 1" and "requires_grad_" in expression:
                return
            y = names["y"] = eval(change, names)
            alias = y
            try:
                result = eval(expression, names)
            except (RuntimeError, ac.errors.MutationError) as error:
                found.append(type(error))
                continue
            assert alias is result
            found.append(y)
        if change == "x * 1" and ("squeeze_" in expression or "transpose_" in expression):
            assert found[0] is ac.errors.MutationError
        else:
            same(*found)


def test_gradients_flow_through_changes_in_place(torch):
    for change in ("y.mul_(z)", "y.add_(z, alpha=2)", "y.masked_fill_(m, 0.0)", "y[:, 0] = z[:, 1]", "y += z", "y[m] = 0"):
        gradients = []
        for library in (compat, torch):
            names = named(library, True)
            names["y"] = names["x"] * 2
            exec(change, names)
            names["y"].pow(2).sum().backward()
            gradients.append([names[name].grad for name in "xz"])
        for a, b in zip(*gradients, strict=True):
            assert (a is None) == (b is None), change
            if a is not None:
                same(a, b)


# -- without PyTorch -------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("expression", listed(SMOOTH) + listed(VALUES))
def test_it_gives_a_tensor_of_this_kind(expression):
    y = eval(expression, named(compat))
    assert type(y) is compat.Tensor


@pytest.mark.parametrize(
    "expression, value",
    [
        ("x.max(dim=1)", ([3.0, 9.0], [1, 2])),
        ("x.sort(descending=True)", ([[3.0, 2.0, 1.0], [9.0, 7.0, 5.0]], [[1, 2, 0], [2, 0, 1]])),
        ("x.topk(1)", ([[3.0], [9.0]], [[1], [2]])),
        ("x.median(0)", ([1.0, 3.0, 2.0], [0, 0, 0])),
    ],
)
def test_values_and_places(expression, value):
    found = eval(expression, {"x": compat.tensor([[1.0, 3.0, 2.0], [7.0, 5.0, 9.0]])})
    assert tuple(each.tolist() for each in found) == value
    assert found.values is found[0]
    assert found.indices.dtype == np.int64


def test_the_largest_takes_the_gradient_alone():
    x = compat.tensor([[2.0, 2.0]], requires_grad=True)
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[1.0, 0.0]]


def test_numpys_names_of_axes_are_understood():
    x = compat.arange(6.0).view(2, 3)
    assert x.sum(axis=1).tolist() == x.sum(dim=1).tolist() == [3.0, 12.0]
    assert x.argmax(axis=1).tolist() == [2, 2]
    assert x.std(axis=0, keepdims=True).shape == (1, 3)
