"""How fast training steps are beside other frameworks: `python -m benchmarks speed`."""
