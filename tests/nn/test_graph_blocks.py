"""Blocks of graph networks: by hand, permuted nodes and edges, graphs without edges or nodes, batches, derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn.graph_blocks import as_aggregation

draws = np.random.default_rng(0)
NAMES = ["sum", "mean", "max", "min", "std"]
NUMPY = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "std": np.std}


def make(nodes=5, edges=8, seed=0):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, max(nodes, 1), (2, edges if nodes else 0))
    return nn.Graph(rng.normal(size=(nodes, 2)), rng.normal(size=(ends.shape[1], 3)), *ends, globals=rng.normal(size=4))


def network(aggregate="sum", steps=2):
    blocks, edges, nodes, whole = [], 3, 2, 4
    for k in range(steps):
        edge_fn = nn.MLP([edges + 2 * nodes + whole, 4], output_activation="tanh", generator=3 * k)
        node_fn = nn.MLP([4 + nodes + whole, 3], output_activation="tanh", generator=3 * k + 1)
        global_fn = nn.MLP([4 + 3 + whole, 2], output_activation="tanh", generator=3 * k + 2)
        blocks.append(nn.GNBlock(edge_fn, node_fn, global_fn, aggregate))
        edges, nodes, whole = 4, 3, 2
    return nn.Sequential(*blocks)


def permuted(graph, nodes, edges):
    """The same graph with its nodes and edges in another order: new row k is old row nodes[k]."""
    new = np.argsort(nodes)
    ends = [new[np.asarray(x)][edges] for x in (graph.senders, graph.receivers)]
    return nn.Graph(graph.nodes.numpy()[nodes], graph.edges.numpy()[edges], *ends, globals=graph.globals)


def close(a, b, tolerance=1e-13):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


# -- aggregations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_aggregations_are_numpys_and_zero_for_none(name):
    x, ids = draws.normal(size=(7, 2)), np.array([0, 3, 3, 0, 1, 3, 0])
    y = as_aggregation(name)(x, ids, 5)
    wanted = [NUMPY[name](x[ids == k], axis=0) if (ids == k).any() else np.zeros(2) for k in range(5)]
    close(y, wanted)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_of_aggregations_hold_against_differences(name):
    ids = np.array([0, 3, 3, 0, 1, 3, 0])
    ac.testing.gradcheck(lambda x: ac.sin(as_aggregation(name)(x[:-1], ids[:-1], 5)), (draws.normal(size=(7, 2)),), order=2)


@pytest.mark.parametrize("name", NAMES)
def test_lone_and_equal_rows_poison_no_gradient(name):
    x = ac.tensor([[1.0], [2.0], [2.0]], requires_grad=True)
    y = as_aggregation(name)(x, [0, 2, 2], 4)
    (g,) = ac.gradients(ac.sum(ac.sin(y)), [x], create_graph=True)
    (h,) = ac.gradients(ac.sum(ac.sin(g)), [x], allow_unused=True)
    assert np.isfinite(g.numpy()).all()
    assert h is None or np.isfinite(h.numpy()).all()
    if name == "std":
        assert not g.numpy().any()


def test_an_aggregation_may_be_a_function():
    both = lambda x, ids, n: ac.concatenate([ac.segment_sum(x, ids, n), ac.segment_mean(x, ids, n)], axis=-1)
    block = nn.NodeBlock(lambda x: x, both)
    graph = make().replace(globals=None)
    assert block(graph).nodes.shape == (5, 3 + 3 + 2)
    with pytest.raises(ValueError, match="no aggregation is called 'median'. There are: sum, mean, max, min, std"):
        nn.NodeBlock(lambda x: x, "median")


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_blocks_by_hand():
    graph = nn.Graph([[1.0], [2.0], [4.0]], [[10.0], [20.0]], [0, 2], [1, 1], globals=[100.0])
    edges = nn.EdgeBlock(lambda x: x)(graph).edges  # edge, receiver, sender, whole
    assert edges.tolist() == [[10.0, 2.0, 1.0, 100.0], [20.0, 2.0, 4.0, 100.0]]
    nodes = nn.NodeBlock(lambda x: x)(graph).nodes  # received edges, node, whole
    assert nodes.tolist() == [[0.0, 1.0, 100.0], [30.0, 2.0, 100.0], [0.0, 4.0, 100.0]]
    sent = nn.NodeBlock(lambda x: x, use_received=False, use_sent=True, use_globals=False)(graph).nodes
    assert sent.tolist() == [[10.0, 1.0], [0.0, 2.0], [20.0, 4.0]]
    whole = nn.GlobalBlock(lambda x: x)(graph).globals  # edges, nodes, whole
    assert whole.tolist() == [30.0, 7.0, 100.0]
    only = nn.EdgeBlock(lambda x: x, use_edges=False, use_senders=False, use_globals=False)(graph).edges
    assert only.tolist() == [[2.0], [2.0]]


def test_a_full_block_uses_what_the_blocks_before_made():
    graph = nn.Graph([[1.0], [2.0]], [[5.0]], [0], [1], globals=[3.0])
    add = lambda x: ac.sum(x, axis=-1, keepdims=True)
    y = nn.GNBlock(add, add, add)(graph)
    assert y.edges.tolist() == [[5.0 + 2.0 + 1.0 + 3.0]]
    assert y.nodes.tolist() == [[0.0 + 1.0 + 3.0], [11.0 + 2.0 + 3.0]]
    assert y.globals.tolist() == [11.0 + 20.0 + 3.0]
    assert nn.GNBlock()(graph) is graph


def test_an_interaction_network_ignores_the_whole():
    graph = make()
    layer = nn.InteractionNetwork(nn.MLP([7, 4], generator=0), nn.MLP([6, 3], generator=1), "mean")
    y, z = layer(graph), layer(graph.replace(globals=None))
    assert np.array_equal(y.nodes.numpy(), z.nodes.numpy())
    assert y.globals is graph.globals
    assert (y.edges.shape, y.nodes.shape) == ((8, 4), (5, 3))


# -- what must hold for every graph ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_outputs_move_with_the_nodes_and_edges(name):
    graph, model = make(), network(name)
    y = model(graph)
    nodes, edges = draws.permutation(5), draws.permutation(8)
    z = model(permuted(graph, nodes, edges))
    close(z.nodes, y.nodes.numpy()[nodes])
    close(z.edges, y.edges.numpy()[edges])
    close(z.globals, y.globals)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_its_graphs_one_by_one(name):
    graphs, model = [make(), make(0, 0), make(3, 0, 1), make(4, 9, 2)], network(name)
    for one, alone in zip(model(nn.Graph.batch(graphs)).unbatch(), map(model, graphs), strict=True):
        for a, b in zip(one, alone, strict=True):
            close(a, b)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sizes", [(0, 0), (3, 0), (1, 1), (1, 4)])
def test_small_graphs_have_finite_outputs_and_gradients(name, sizes):
    graph, model = make(*sizes), network(name)
    x = ac.tensor(graph.nodes.detach(), requires_grad=True)
    y = model(graph.replace(nodes=x))
    assert y.nodes.shape == (sizes[0], 3)
    (g,) = ac.gradients(ac.sum(y.nodes) + ac.sum(y.globals), [x], create_graph=True)
    gradients = ac.gradients(ac.sum(g**2) + ac.sum(y.globals), [x, *model.parameters()], allow_unused=True)
    assert all(h is None or np.isfinite(h.numpy()).all() for h in (g, *gradients))


def test_an_isolated_node_depends_on_itself_alone():
    graph = nn.Graph(draws.normal(size=(3, 2)), np.ones((2, 3)), [0, 1], [1, 0])
    layer = nn.InteractionNetwork(nn.MLP([7, 4], generator=0), nn.MLP([6, 3], generator=1))
    jacobian = ac.jacobian(lambda x: layer(graph.replace(nodes=x)).nodes)(graph.nodes).numpy()
    assert jacobian[2, :, 2].any()
    assert not jacobian[2, :, :2].any()
    assert not jacobian[:2, :, 2].any()


def test_whole_features_keep_their_axis():
    model, graph = network(), make()
    assert model(graph).globals.shape == (2,)
    assert model(graph.replace(globals=graph.globals[None])).globals.shape == (1, 2)
    assert nn.GlobalBlock(lambda x: x)(graph.replace(globals=None)).globals.shape == (1, 5)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_hold_against_differences(name):
    graph, model = make(3, 4, 5), network(name, 1)

    def f(x, e, u):
        y = model(graph.replace(nodes=x, edges=e, globals=u))
        return y.nodes, y.globals

    ac.testing.gradcheck(f, (graph.nodes.numpy(), graph.edges.numpy(), graph.globals.numpy()), order=2)


def test_blocks_are_mapped_over_features():
    graph, model, many = make(), network("max"), draws.normal(size=(3, 5, 2))
    mapped = ac.vmap(lambda x: model(graph.replace(nodes=x)).nodes)(many)
    for x, y in zip(many, mapped):
        close(model(graph.replace(nodes=x)).nodes, y)


@pytest.mark.parametrize("name", NAMES)
def test_compiled_blocks_take_other_graphs_of_the_same_size(name):
    model = network(name)
    compiled = ac.compile(lambda graph: ac.sum(model(graph).globals ** 2))
    for seed in range(3):
        graph = nn.Graph.batch([make(seed=seed), make(3, 4, seed=seed + 10)])
        close(compiled(graph), ac.sum(model(graph).globals ** 2))


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_stays(name):
    model, graph = network(name).float(), make()
    features = {k: getattr(graph, k).astype("float32") for k in ("nodes", "edges", "globals")}
    y = model(graph.replace(**features))
    ac.sum(y.globals).backward()
    assert {y.nodes.dtype, y.edges.dtype, y.globals.dtype} == {np.dtype("float32")}
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype("float32")}


# -- GCN -------------------------------------------------------------------------------------------------------------


def adjacency(graph, weights):
    a = np.zeros((graph.num_nodes, graph.num_nodes))
    np.add.at(a, (np.asarray(graph.receivers), np.asarray(graph.senders)), weights)
    return a


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_gcn_is_the_formula_with_matrices(loops, weighted):
    graph = make(6, 9, 1)
    weights = draws.random(9) + 0.5 if weighted else np.ones(9)
    layer = nn.GCN(2, 3, self_loops=loops, generator=0)
    layer.bias.copy_([1.0, 2.0, 3.0])
    a = adjacency(graph, weights) + loops * np.eye(6)
    degrees = a.sum(1)
    d = np.where(degrees > 0, np.where(degrees > 0, degrees, 1.0) ** -0.5, 0.0)
    wanted = d[:, None] * a * d @ graph.nodes.numpy() @ layer.weight.numpy().T + [1.0, 2.0, 3.0]
    close(layer(graph, weights if weighted else None).nodes, wanted)


def test_gcn_moves_with_the_nodes_and_batches():
    graph, layer = make(6, 9, 1), nn.GCN(2, 3, generator=0)
    nodes, edges = draws.permutation(6), draws.permutation(9)
    close(layer(permuted(graph, nodes, edges)).nodes, layer(graph).nodes.numpy()[nodes])
    for one, alone in zip(layer(nn.Graph.batch([graph, make()])).unbatch(), (layer(graph), layer(make()))):
        close(one.nodes, alone.nodes)


def test_gcn_of_lone_nodes_is_linear_or_the_bias():
    graph = make(3, 0)
    layer = nn.GCN(2, 3, generator=0)
    close(layer(graph).nodes, graph.nodes.numpy() @ layer.weight.numpy().T)
    alone = nn.GCN(2, 3, self_loops=False, generator=0)
    x = ac.tensor(graph.nodes.detach(), requires_grad=True)
    y = alone(graph.replace(nodes=x)).nodes
    assert not y.numpy().any()
    assert not ac.gradients(ac.sum(y), [x])[0].numpy().any()


def test_derivatives_of_gcn_hold_against_differences():
    graph, layer = make(4, 5), nn.GCN(2, 2, generator=0)
    f = lambda x, w: ac.sin(layer(graph.replace(nodes=x), w).nodes)
    ac.testing.gradcheck(f, (graph.nodes.numpy(), 1.0 + draws.random(5)), order=2)


# -- refusals --------------------------------------------------------------------------------------------------------

BARE = nn.Graph(senders=[0], receivers=[1], n_node=[2])


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.EdgeBlock(lambda x: x)(BARE), ValueError, "EdgeBlock: the graph has none of the features"),
        (lambda: nn.EdgeBlock(lambda x: x)(nn.Graph(np.ones(3))), ac.errors.ShapeError, r"Write x\[:, None\]"),
        (lambda: nn.NodeBlock(lambda x: x[:2])(make()), ac.errors.ShapeError, "nodes need 5 rows"),
        (lambda: nn.GNBlock(nn.MLP([3, 4]))(make()), ac.errors.ShapeError, "must have 3 features"),
        (lambda: nn.GCN(2, 3)(BARE), ValueError, "no features of its nodes"),
        (lambda: nn.GCN(3, 3)(make()), ac.errors.ShapeError, "must have 3 features"),
        (lambda: nn.GCN(2, 3)(make(), np.ones(3)), ac.errors.ShapeError, r"edge_weight of shape \(3,\) for 8 edges"),
    ],
)
def test_wrong_graphs_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
