"""The primitives, by mathematical kind."""
