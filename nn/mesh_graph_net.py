"""MeshGraphNet: a graph network that learns fields on meshes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_core as ac

from .container import ModuleList, Sequential
from .graph import Graph
from .graph_blocks import Aggregation, InteractionNetwork
from .linear import count
from .mlp import MLP
from .module import Module
from .norm import LayerNorm
from .normaliser import Normaliser
from .seeding import Seed, as_generator


class MeshGraphNet(Module):
    """Encode nodes and edges, let them exchange messages `steps` times, decode the nodes.

        encode    v = φ(nodes), e = ψ(edges)
        process   e ← e + e' with e' = f(e, v_r, v_s), v ← v + g(Σ e', v), with a new f and g in each step
        decode    y = δ(v)

    All functions are MLPs with `hidden_layers` layers of `latent` features, followed by a LayerNorm in all but δ. With
    `normalise`, nodes and edges are normalised before, and outputs back after, by statistics that training gathers: of the
    inputs in each call, of the outputs in each call of `loss`. `aggregate`, `activation`, `dtype` and `generator` are as in
    `NodeBlock` and `MLP`. Takes a graph, or a batch of them, with features of nodes and edges; gives an array of shape
    (nodes, out_features).

    Source: Pfaff et al., Learning mesh-based simulation with graph networks, ICLR 2021, section 3.2.

    >>> network = MeshGraphNet(2, 3, 1, latent=8, steps=2, generator=0)
    >>> network(Graph(ac.ones((4, 2)), ac.ones((2, 3)), [0, 1], [1, 0])).shape
    (4, 1)
    """

    def __init__(
        self,
        node_features: int,
        edge_features: int,
        out_features: int,
        latent: int = 128,
        steps: int = 15,
        hidden_layers: int = 2,
        aggregate: str | Aggregation = "sum",
        activation: str | Callable[..., Any] = "relu",
        normalise: bool = True,
        dtype: Any = None,
        *,
        generator: Seed = None,
    ) -> None:
        super().__init__()
        draws, hidden = as_generator(generator), [latent] * count("MeshGraphNet", "hidden_layers", hidden_layers)

        def mlp(inputs: int, outputs: int) -> MLP:
            return MLP([inputs, *hidden, outputs], activation, dtype=dtype, generator=draws)

        def block(inputs: int) -> Sequential:
            return Sequential(mlp(inputs, latent), LayerNorm(latent, dtype=dtype))

        self.normalise = normalise
        if normalise:
            self.node_normaliser = Normaliser(node_features, dtype=dtype)
            self.edge_normaliser = Normaliser(edge_features, dtype=dtype)
            self.output_normaliser = Normaliser(out_features, dtype=dtype)
        self.node_encoder, self.edge_encoder = block(node_features), block(edge_features)
        self.processor = ModuleList(
            InteractionNetwork(block(3 * latent), block(2 * latent), aggregate)
            for _ in range(count("MeshGraphNet", "steps", steps))
        )
        self.decoder = mlp(latent, out_features)

    def forward(self, graph: Graph) -> ac.Tensor:
        """The output of each node."""
        y = self.normalised(graph)
        return self.output_normaliser.inverse(y) if self.normalise else y

    def normalised(self, graph: Graph) -> ac.Tensor:
        """The output of each node, as it leaves the decoder."""
        nodes, edges = graph.nodes, graph.edges
        if nodes is None or edges is None:
            raise ValueError("MeshGraphNet: features of nodes and edges are needed, and the graph lacks one of them")
        if self.normalise:
            nodes, edges = self.node_normaliser(nodes), self.edge_normaliser(edges)
        graph = graph.replace(nodes=self.node_encoder(nodes), edges=self.edge_encoder(edges))
        for step in self.processor:
            new = step(graph)
            graph = graph.replace(nodes=graph.nodes + new.nodes, edges=graph.edges + new.edges)
        return self.decoder(graph.nodes)

    def loss(self, graph: Graph, target: Any) -> ac.Tensor:
        """The mean squared error of the normalised outputs, whose statistics in training the targets join first."""
        y, target = self.normalised(graph), ac.as_tensor(target)
        if target.shape != y.shape:
            raise ac.errors.ShapeError(f"MeshGraphNet.loss: target of shape {target.shape} for outputs of shape {y.shape}")
        return ac.mean(ac.square(y - (self.output_normaliser(target) if self.normalise else target)))
