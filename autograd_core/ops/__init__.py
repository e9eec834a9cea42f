"""The primitives, by mathematical kind.

Functions for users turn any input into Tensors, and have NumPy's names. What other modules use under a name with an underscore,
as `_sum(axes, keepdims)`, `_reshape(shape)` or `_matmul`, is an op or makes one from its parameters: it takes raw arrays to
raw arrays and Tensors to Tensors, as rules need it. All else with an underscore is private to its module.

An argument of a rule that begins with an underscore is not read. In the derivative table that decides what is saved: of
`lambda _y, x: cos(x)` the input, of `lambda y, _x: y` the output.
"""
