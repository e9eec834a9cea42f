"""Blocks of graph networks: each takes a graph and gives one with new features of edges, nodes, or the whole.

The functions inside are Modules, such as an MLP, or any functions of one array: rows of features, joined along the last axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd_core as ac

from . import init
from .graph import Graph
from .linear import count, linear
from .module import Module, Parameter
from .seeding import Seed, as_generator

Function = Callable[[ac.Tensor], Any]
Aggregation = Callable[[ac.Tensor, Any, int], ac.Tensor]


# -- aggregations --------------------------------------------------------------------------------------------------


def segment_largest(data: Any, segment_ids: Any, num_segments: int) -> ac.Tensor:
    """The largest row of each segment, element by element; 0 where there is none. A tie shares the gradient equally."""
    return _zero_if_empty(ac.segment_max(data, segment_ids, num_segments), segment_ids)


def segment_smallest(data: Any, segment_ids: Any, num_segments: int) -> ac.Tensor:
    """The smallest row of each segment, element by element; 0 where there is none. A tie shares the gradient equally."""
    return _zero_if_empty(ac.segment_min(data, segment_ids, num_segments), segment_ids)


def _zero_if_empty(y: ac.Tensor, ids: Any) -> ac.Tensor:
    occupied = ac.segment_sum(ac.ones_like(ids), ids, y.shape[0]) > 0
    return ac.where(occupied.reshape(-1, *(1,) * (y.ndim - 1)), y, 0.0)


AGGREGATIONS: dict[str, Aggregation] = {
    "sum": ac.segment_sum,
    "mean": ac.segment_mean,
    "max": segment_largest,
    "min": segment_smallest,
    "std": ac.segment_std,
}


def as_aggregation(aggregate: str | Aggregation) -> Aggregation:
    """The aggregation that is meant: by its name, or itself, a function of rows, their segments and the number of these.

    All names give 0 where there are no rows; the standard deviation is that of the rows themselves, not of a sample, and its
    derivative is 0 where it is 0. ValueError for an unknown name.
    """
    if callable(aggregate):
        return aggregate
    if aggregate not in AGGREGATIONS:
        raise ValueError(f"no aggregation is called {aggregate!r}. There are: {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[aggregate]


def joined(block: Module, features: Sequence[ac.Tensor | None]) -> ac.Tensor:
    """The features that there are, side by side."""
    given = [x for x in features if x is not None]
    if not given:
        raise ValueError(f"{type(block).__name__}: the graph has none of the features that this block reads")
    flat = next((x for x in given if x.ndim < 2), None)
    if flat is not None:
        raise ac.errors.ShapeError(
            f"{type(block).__name__}: features of shape {flat.shape} have no axis of features. Write x[:, None] for one each."
        )
    return given[0] if len(given) == 1 else ac.concatenate(given, axis=-1)


# -- blocks --------------------------------------------------------------------------------------------------------


class EdgeBlock(Module):
    """New features of each edge, from those of the edge, its receiver, its sender and the whole: e' = f(e, v_r, v_s, u).

    Source: Battaglia et al. 2018, eq. 1.
    """

    def __init__(
        self,
        edge_fn: Function,
        use_edges: bool = True,
        use_receivers: bool = True,
        use_senders: bool = True,
        use_globals: bool = True,
    ) -> None:
        super().__init__()
        self.edge_fn = edge_fn
        self.use_edges, self.use_receivers, self.use_senders = use_edges, use_receivers, use_senders
        self.use_globals = use_globals

    def forward(self, graph: Graph) -> Graph:
        """The graph with the new features of its edges."""
        nodes = graph.nodes
        features = [
            graph.edges if self.use_edges else None,
            ac.take(nodes, graph.receivers, axis=0) if self.use_receivers and nodes is not None else None,
            ac.take(nodes, graph.senders, axis=0) if self.use_senders and nodes is not None else None,
            graph.edge_globals() if self.use_globals else None,
        ]
        return graph.replace(edges=self.edge_fn(joined(self, features)))


class NodeBlock(Module):
    """New features of each node, from the edges it receives, its own and those of the whole: v' = f(Σ e', v, u).

    `aggregate` says how the edges are summed up: "sum", "mean", "max", "min", "std" or a function as in `as_aggregation`;
    `use_sent` adds the edges that a node sends. A node without edges gets 0 from them.

    Source: Battaglia et al. 2018, eq. 1.
    """

    def __init__(
        self,
        node_fn: Function,
        aggregate: str | Aggregation = "sum",
        use_received: bool = True,
        use_sent: bool = False,
        use_nodes: bool = True,
        use_globals: bool = True,
    ) -> None:
        super().__init__()
        self.node_fn = node_fn
        self.aggregate = as_aggregation(aggregate)
        self.use_received, self.use_sent, self.use_nodes = use_received, use_sent, use_nodes
        self.use_globals = use_globals

    def forward(self, graph: Graph) -> Graph:
        """The graph with the new features of its nodes."""
        edges, n = graph.edges, graph.num_nodes
        features = [
            self.aggregate(edges, graph.receivers, n) if self.use_received and edges is not None else None,
            self.aggregate(edges, graph.senders, n) if self.use_sent and edges is not None else None,
            graph.nodes if self.use_nodes else None,
            graph.node_globals() if self.use_globals else None,
        ]
        return graph.replace(nodes=self.node_fn(joined(self, features)))


class GlobalBlock(Module):
    """New features of the whole, from all edges, all nodes and its own: u' = f(Σ e', Σ v', u), for each graph of a batch.

    `aggregate` as in `NodeBlock`. The result has shape (G, …), without the axis of the graphs where the old ones had none.

    Source: Battaglia et al. 2018, eq. 1.
    """

    def __init__(
        self,
        global_fn: Function,
        aggregate: str | Aggregation = "sum",
        use_edges: bool = True,
        use_nodes: bool = True,
        use_globals: bool = True,
    ) -> None:
        super().__init__()
        self.global_fn = global_fn
        self.aggregate = as_aggregation(aggregate)
        self.use_edges, self.use_nodes, self.use_globals = use_edges, use_nodes, use_globals

    def forward(self, graph: Graph) -> Graph:
        """The graph with the new features of the whole."""
        nodes, edges, whole, n = graph.nodes, graph.edges, graph.globals, graph.num_graphs
        single = whole is not None and whole.ndim == 1
        features = [
            self.aggregate(edges, graph.edge_graphs(), n) if self.use_edges and edges is not None else None,
            self.aggregate(nodes, graph.node_graphs(), n) if self.use_nodes and nodes is not None else None,
            None if whole is None or not self.use_globals else whole[None] if single else whole,
        ]
        y = self.global_fn(joined(self, features))
        return graph.replace(globals=y[0] if single else y)


class GNBlock(Module):
    """The full block of a graph network: new features of the edges, then of the nodes, then of the whole.

    A function that is None leaves its features as they are. `aggregate` as in `NodeBlock`, for both sums.

    Source: Battaglia et al. 2018, algorithm 1.

    >>> from nn.mlp import MLP
    >>> block = GNBlock(MLP([5, 8, 4]), MLP([7, 8, 3]), MLP([8, 8, 1]))
    >>> graph = Graph(ac.ones((6, 2)), None, [0, 1, 2], [1, 2, 0], globals=[1.0])
    >>> block(graph)
    Graph(nodes (6, 3), edges (3, 4), globals (1,))
    """

    def __init__(
        self,
        edge_fn: Function | None = None,
        node_fn: Function | None = None,
        global_fn: Function | None = None,
        aggregate: str | Aggregation = "sum",
    ) -> None:
        super().__init__()
        self.edge_block = None if edge_fn is None else EdgeBlock(edge_fn)
        self.node_block = None if node_fn is None else NodeBlock(node_fn, aggregate)
        self.global_block = None if global_fn is None else GlobalBlock(global_fn, aggregate)

    def forward(self, graph: Graph) -> Graph:
        """The graph with all its new features."""
        for block in (self.edge_block, self.node_block, self.global_block):
            graph = graph if block is None else block(graph)
        return graph


class InteractionNetwork(Module):
    """Effects along the edges, and what they do to the nodes: e' = f(e, v_r, v_s), v' = g(Σ e', v), nothing of the whole.

    Source: Battaglia et al., Interaction networks for learning about objects, relations and physics, NeurIPS 2016.
    """

    def __init__(self, edge_fn: Function, node_fn: Function, aggregate: str | Aggregation = "sum") -> None:
        super().__init__()
        self.edge_block = EdgeBlock(edge_fn, use_globals=False)
        self.node_block = NodeBlock(node_fn, aggregate, use_globals=False)

    def forward(self, graph: Graph) -> Graph:
        """The graph with new features of its edges and nodes."""
        return self.node_block(self.edge_block(graph))


class GCN(Module):
    """A graph convolution: V' = D^(-1/2) (A + I) D^(-1/2) V Wᵀ + b, with the degrees D of A + I.

    A_rs is the number of edges from node s to node r, or the sum of their `edge_weight`; D counts what each node receives.
    An undirected graph has an edge each way. Without `self_loops` the I is left out, and a node that receives nothing gives
    b. `weight` has shape (out_features, in_features) and starts from Xavier's uniform distribution, `bias` from 0.

    Source: Kipf and Welling, ICLR 2017, eq. 2.

    >>> layer = GCN(2, 3, generator=0)
    >>> layer(Graph(ac.ones((4, 2)), None, [0, 1], [1, 0]))
    Graph(nodes (4, 3), 2 edges)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        self_loops: bool = True,
        dtype: Any = None,
        *,
        generator: Seed = None,
    ) -> None:
        super().__init__()
        self.in_features = count("GCN", "in_features", in_features)
        self.out_features = count("GCN", "out_features", out_features)
        self.self_loops = self_loops
        dtype = ac.get_default_dtype() if dtype is None else dtype
        self.weight = Parameter(ac.zeros((self.out_features, self.in_features), dtype))
        self.bias = Parameter(ac.zeros(self.out_features, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Seed = None) -> None:
        """Draw a new weight; the bias becomes 0."""
        init.xavier_uniform_(self.weight, generator=as_generator(generator))
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, graph: Graph, edge_weight: Any = None) -> Graph:
        """The graph with new features of its nodes; `edge_weight` has shape (E,)."""
        if graph.nodes is None:
            raise ValueError("GCN: the graph has no features of its nodes")
        x = linear(graph.nodes, self.weight)
        n, loops = graph.num_nodes, 1.0 if self.self_loops else 0.0
        weights = ac.ones(graph.num_edges, x.dtype) if edge_weight is None else ac.as_tensor(edge_weight)
        if weights.shape != graph.senders.shape:
            raise ac.errors.ShapeError(
                f"GCN: edge_weight of shape {weights.shape} for {graph.num_edges} edges: one each needed"
            )
        degrees = ac.segment_sum(weights, graph.receivers, n) + loops
        positive = degrees > 0.0
        factors = ac.where(positive, 1.0 / ac.sqrt(ac.where(positive, degrees, 1.0)), 0.0)[:, None]
        x = x * factors
        messages = ac.take(x, graph.senders, axis=0) * weights[:, None]
        y = (ac.segment_sum(messages, graph.receivers, n) + loops * x) * factors
        return graph.replace(nodes=y if self.bias is None else y + self.bias)

    def extra_repr(self) -> str:
        loops = "" if self.self_loops else ", self_loops=False"
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}{loops}"
