"""MeshGraphNet: its parts by hand, permuted nodes and edges, batches, statistics, and that it learns."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)


def make(nodes=6, edges=11, seed=0):
    rng = np.random.default_rng(seed)
    return nn.Graph(rng.normal(size=(nodes, 2)), rng.normal(size=(edges, 3)), *rng.integers(0, max(nodes, 1), (2, edges)))


def network(**options):
    return nn.MeshGraphNet(2, 3, 1, **({"latent": 5, "steps": 2, "generator": 0} | options))


def test_messages_are_passed_with_residuals():
    model, graph = network(normalise=False), make()
    v, e = model.node_encoder(graph.nodes), model.edge_encoder(graph.edges)
    for step in model.processor:
        r, s = np.asarray(graph.receivers), np.asarray(graph.senders)
        new = step.edge_block.edge_fn(ac.concatenate([e, v[r], v[s]], axis=-1))
        v, e = v + step.node_block.node_fn(ac.concatenate([ac.segment_sum(new, r, 6), v], axis=-1)), e + new
    np.testing.assert_allclose(model(graph).numpy(), model.decoder(v).numpy(), rtol=1e-13)


def test_parameters_are_counted():
    def mlp(i, o):
        return (i + 1) * 5 + 6 * 5 + 6 * o

    count = sum(p.size for p in network().parameters())
    assert count == mlp(2, 5) + mlp(3, 5) + 2 * (mlp(15, 5) + mlp(10, 5)) + mlp(5, 1) + 6 * 10


@pytest.mark.parametrize("aggregate", ["sum", "max"])
def test_outputs_move_with_the_nodes(aggregate):
    graph, model = make(), network(aggregate=aggregate).eval()
    nodes, edges = draws.permutation(6), draws.permutation(11)
    ends = [np.argsort(nodes)[np.asarray(x)][edges] for x in (graph.senders, graph.receivers)]
    moved = nn.Graph(graph.nodes.numpy()[nodes], graph.edges.numpy()[edges], *ends)
    np.testing.assert_allclose(model(moved).numpy(), model(graph).numpy()[nodes], rtol=1e-12, atol=1e-13)


def test_a_batch_is_its_graphs_one_by_one():
    graphs, model = [make(), make(0, 0), make(3, 0, 1), make(4, 9, 2)], network()
    model(nn.Graph.batch(graphs))
    model.eval()
    whole = model(nn.Graph.batch(graphs))
    alone = np.concatenate([model(g).numpy() for g in graphs])
    np.testing.assert_allclose(whole.numpy(), alone, rtol=1e-12, atol=1e-13)


def test_training_gathers_statistics_of_inputs_and_targets():
    model, graph = network(), make()
    target = 1e3 + 50.0 * draws.normal(size=(6, 1))
    model.loss(graph, target)
    np.testing.assert_allclose(model.node_normaliser.mean.numpy(), graph.nodes.numpy().mean(0), rtol=1e-13)
    np.testing.assert_allclose(model.edge_normaliser.std().numpy(), graph.edges.numpy().std(0), rtol=1e-13)
    np.testing.assert_allclose(model.output_normaliser.mean.numpy(), target.mean(0), rtol=1e-13)
    model.eval()
    wanted = model.normalised(graph).numpy() * target.std() + target.mean()
    np.testing.assert_allclose(model(graph).numpy(), wanted, rtol=1e-12)
    assert "output_normaliser.mean" in model.state_dict()


def test_derivatives_hold_against_differences():
    graph, model = make(3, 4), network(latent=3, steps=1, activation="tanh").eval()
    ac.testing.gradcheck(lambda x: model(graph.replace(nodes=x)), (graph.nodes.numpy(),), order=2)


def test_it_learns_the_mean_of_the_neighbours():
    graph = make(20, 60, 3)
    target = 10.0 + ac.segment_mean(ac.take(graph.nodes, graph.senders, axis=0), graph.receivers, 20)[:, :1]
    model = network(latent=8)
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = model.loss(graph, target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]
    assert np.abs(model.eval()(graph).numpy() - target.numpy()).mean() < np.abs(target.numpy() - target.numpy().mean()).mean()


def test_single_precision_stays():
    model, graph = network(dtype="float32"), make()
    graph = graph.replace(nodes=graph.nodes.astype("float32"), edges=graph.edges.astype("float32"))
    loss = model.loss(graph, np.ones((6, 1), "float32"))
    loss.backward()
    assert {loss.dtype, *(p.grad.dtype for p in model.parameters())} == {np.dtype("float32")}


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: network()(make().replace(edges=None)), ValueError, "features of nodes and edges are needed"),
        (lambda: network()(make().replace(nodes=np.ones((6, 4)))), ac.errors.ShapeError, "must have 2 features"),
        (
            lambda: network().loss(make(), np.ones(6)),
            ac.errors.ShapeError,
            r"\(6,\) for outputs of shape \(6, 1\)",
        ),
        (lambda: network(steps=-1), ValueError, "steps must not be negative"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
