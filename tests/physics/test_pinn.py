"""PINN: networks that learn to obey equations, and what is said where they cannot."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_core as ac
import nn
import physics
from physics import PINN, Collocation, DirichletBC, InitialCondition, Interval, PointData, Stage, TimeInterval

FEW = Collocation(20)
LINE, TIME = Interval("x", 0, 1), TimeInterval("t", 0, 2)
PLANE = Interval("x", -1, 1) * TimeInterval("t", 0, 1)
ADAM = Stage(nn.optim.Adam, steps=5, lr=1e-2)
LBFGS = Stage(nn.optim.LBFGS, steps=5)
LBFGSB = Stage(nn.optim.LBFGSB, steps=5)
STAGES = pytest.mark.parametrize("stage", [ADAM, LBFGS, LBFGSB], ids=lambda s: s.name)


def network(inputs=1, outputs=1):
    return nn.MLP([inputs, 12, outputs], generator=0)


def poisson(residual=lambda s: s.u_xx + np.pi**2 * ac.sin(np.pi * s.x), points=FEW, **options):
    """u'' = −π² sin πx with u = 0 at both ends: u = sin πx."""
    given = {"domain": LINE, "outputs": ["u"], "conditions": [DirichletBC("x", 0.0)], **options}
    return PINN(network(), residual=residual, points=points, **given)


def heat(**options):
    """u_t = u_xx in x and t."""
    options = {"points": Collocation(10, 4, 4), "conditions": [InitialCondition(1.0), DirichletBC("x", 1.0)]} | options
    return PINN(network(2), PLANE, outputs=["u"], residual=lambda s: s.u_t - s.u_xx, **options)


def weights(pinn):
    return np.concatenate([p.numpy().ravel() for p in pinn.parameters()])


def loss_of(pinn):
    return pinn.loss().item()


# It solves problems


def test_a_decay():
    decay = PINN(
        network(), TIME, ["u"], lambda s: s.u_t + s.u, [InitialCondition(1.0)], Collocation(interior=20, method="grid")
    )
    history = decay.fit([Stage(nn.optim.Adam, steps=50, lr=1e-2), Stage(nn.optim.LBFGS, steps=150)], progress=False)
    t = np.linspace(0, 2, 50)
    assert physics.relative_l2(decay.predict(t), np.exp(-t)) < 1e-3
    assert physics.relative_l2(decay.predict(t, "u_t"), -np.exp(-t)) < 1e-2
    assert history.loss < 1e-6


@pytest.mark.parametrize("optimizer", [nn.optim.LBFGS, nn.optim.LBFGSB])
def test_the_equation_of_poisson(optimizer):
    pinn = poisson()
    pinn.fit([Stage(nn.optim.Adam, steps=50, lr=1e-2), Stage(optimizer, steps=200)], progress=False)
    x = np.linspace(0, 1, 50)
    assert physics.relative_l2(pinn.predict(x), np.sin(np.pi * x)) < 2e-3


def test_two_equations_for_two_outputs():
    equations = {"position": lambda s: s.q_t - s.p, "momentum": lambda s: s.p_t + s.q}
    start = [InitialCondition(1.0, output="q"), InitialCondition(0.0, output="p")]
    oscillator = PINN(network(1, 2), TIME, ["q", "p"], equations, start, Collocation(interior=20, method="grid"))
    history = oscillator.fit(Stage(nn.optim.LBFGS, steps=150), progress=False)
    t = np.linspace(0, 2, 50)
    assert oscillator([[0.5]]).shape == (1, 2)
    assert physics.max_error(oscillator.predict(t), np.cos(t)) < 5e-3
    assert physics.max_error(oscillator.predict(t, "p"), -np.sin(t)) < 5e-3
    assert [*history.columns][3:] == ["position", "momentum", "initial", "initial 2"]


def test_data_alone_are_a_fit():
    x = np.linspace(0, 1, 15)
    pinn = PINN(network(), LINE, "velocity", [], PointData(x, x**2))
    pinn.fit(Stage(nn.optim.LBFGS, steps=60), progress=False)
    assert physics.max_error(pinn.predict(x), x**2) < 1e-2


# The loss


def test_the_loss_is_the_weighted_sum_of_mean_squares():
    pinn = heat(weight=3.0, conditions=[InitialCondition(2.0, weight=10.0), DirichletBC("x", 2.0)])
    inside, start, ends = (pinn.state(X) for X in (pinn.interior, *pinn.condition_points))
    wanted = {
        "residual": 3.0 * np.mean((inside.u_t - inside.u_xx).numpy() ** 2),
        "initial": 10.0 * np.mean((start.u.numpy() - 2.0) ** 2),
        "boundary x": np.mean((ends.u.numpy() - 2.0) ** 2),
    }
    assert {name: term.item() for name, term in pinn.loss_terms().items()} == pytest.approx(wanted)
    assert loss_of(pinn) == pytest.approx(sum(wanted.values()))


def test_a_weight_of_zero_watches_without_teaching():
    watched = poisson(conditions=[DirichletBC("x", 0.0), PointData([0.5], [9.0], weight=0.0)])
    plain = poisson()
    watched.fit(ADAM, progress=False)
    plain.fit(ADAM, progress=False)
    assert np.array_equal(weights(watched), weights(plain))


def test_equations_have_names():
    f, g = (lambda s: s.u), (lambda s: s.u_x)
    assert [*poisson(f).equations] == ["residual"]
    assert [*poisson([f, g]).equations] == ["residual 1", "residual 2"]
    assert [*poisson({"mass": f, "heat": g}).equations] == ["mass", "heat"]


@pytest.mark.parametrize("kind", [list, tuple], ids=["list", "tuple"])
def test_a_function_may_give_several_equations(kind):
    calls = []
    both = lambda s: calls.append(len(s)) or kind([s.q_t - s.p, s.p_t + s.q])
    apart = [lambda s: s.q_t - s.p, lambda s: s.p_t + s.q]
    start = [InitialCondition(1.0, output="q"), InitialCondition(0.0, output="p")]
    made = [PINN(network(1, 2), TIME, ["q", "p"], residual, start, FEW) for residual in (both, apart)]
    assert [*made[0].equations] == ["residual 1", "residual 2"]
    assert calls == [1]
    losses = [{name: term.item() for name, term in pinn.loss_terms().items()} for pinn in made]
    assert losses[0] == losses[1]
    assert calls == [1, 20], "once for both"
    histories = [pinn.fit([ADAM, LBFGS], progress=False) for pinn in made]
    assert histories[0].columns["residual 2"] == histories[1].columns["residual 2"]
    for pinn in made:
        pinn.refine()
    assert np.array_equal(made[0].interior, made[1].interior)


def test_several_equations_of_one_function_are_compiled():
    pinn = PINN(network(1, 2), TIME, ["q", "p"], lambda s: [s.q_t - s.p, s.p_t + s.q], InitialCondition(1.0, "q"), FEW)
    columns = pinn.fit(ADAM, progress=False, compile=True).columns
    assert columns["residual 1"][0] != columns["residual 2"][0]
    assert columns["loss"][-1] < columns["loss"][0]


def test_several_equations_of_one_function_have_names():
    u, slope = (lambda s: s.u), (lambda s: s.u_x)
    several = lambda s: (s.u, s.u_x)
    assert [*poisson(lambda s: {"mass": s.u, "heat": s.u_x}).equations] == ["mass", "heat"]
    assert [*poisson({"flow": several, "heat": slope}).equations] == ["flow 1", "flow 2", "heat"]
    assert [*poisson([several, u]).equations] == ["residual 1.1", "residual 1.2", "residual 2"]
    assert [*poisson({"flow": several, "flow 1": u}).equations] == ["flow 1", "flow 2", "flow 1 2"]
    with pytest.raises(ac.errors.GradientError, match="'residual 2' does not depend on the network"):
        poisson(lambda s: [s.u_x, s.x])


def test_every_term_has_a_column_of_its_own():
    conditions = [InitialCondition(0.0), InitialCondition(0.0), InitialCondition(0.0, name="residual"), DirichletBC("x")]
    columns = heat(conditions=conditions).fit([ADAM, LBFGS], progress=False).columns
    assert [*columns][3:] == ["residual", "initial", "initial 2", "residual 2", "boundary x"]
    assert {len(column) for column in columns.values()} == {10}


def test_inputs_are_scaled():
    seen = []
    net = nn.MLP([2, 4, 1], generator=0)
    pinn = PINN(lambda X: seen.append(X.numpy()) or net(X), Interval("x", 10, 30) * TimeInterval("t", 0, 4), ["u"], [],
                InitialCondition(0.0), parameters=net)  # fmt: skip
    pinn([[10.0, 4.0], [20.0, 2.0]])
    assert seen[-1].tolist() == [[-1.0, 1.0], [0.0, 0.0]]
    assert pinn.predict([[20.0, 2.0]], "u_x").item() == pytest.approx(
        physics.State(net, [[0.0, 0.0]], ("x", "t"), ("u",)).u_x.item() / 10.0
    )


def test_derivatives_are_right_where_nothing_is_recorded():
    pinn = poisson()
    wanted = pinn.predict([0.3], "u_x")
    with ac.no_grad():
        assert np.array_equal(pinn.predict([0.3], "u_x"), wanted)
        assert np.array_equal(poisson().predict([0.3], "u_x"), wanted)
    assert wanted[0] != 0.0


def test_it_is_a_module():
    pinn = poisson()
    assert [name for name, _ in pinn.named_parameters()] == [
        f"network.layers.{i}.{w}" for i in (0, 1) for w in ("weight", "bias")
    ]
    other = poisson()
    pinn.fit(ADAM, progress=False)
    other.load_state_dict(pinn.state_dict())
    assert np.array_equal(other.predict([0.2]), pinn.predict([0.2]))


# Points


def test_points_given_are_used():
    x = np.linspace(0.1, 0.9, 7)
    assert poisson(points=x).interior[:, 0].tolist() == x.tolist()
    assert poisson(points=[[0.5]]).interior.tolist() == [[0.5]]


def test_points_chosen_follow_the_seed():
    again = [heat(points=Collocation(10, 4, 4, seed=seed)).interior for seed in (1, 1, 2)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])


def test_training_is_reproducible_with_refinement_too():
    runs = [heat() for _ in range(2)]
    for pinn in runs:
        pinn.fit(Stage(nn.optim.Adam, steps=6, refine_every=2, lr=1e-2), progress=False)
    assert np.array_equal(*(weights(pinn) for pinn in runs))


def test_refinement_puts_points_where_the_residual_is_large():
    pinn = PINN(network(2), PLANE, ["u"], lambda s: s.u * 0.0 + (s.points[:, 0] > 0.8), points=Collocation(200))
    before = pinn.interior
    pinn.refine()
    assert pinn.interior.shape == before.shape
    assert np.mean(before[:, 0] > 0.8) == pytest.approx(0.1, abs=0.01)
    assert np.mean(pinn.interior[:, 0] > 0.8) > 0.2


def test_refinement_adds_up_several_equations():
    left, right = (lambda s: s.u * 0.0 + (s.points[:, 0] < -0.8)), (lambda s: s.u * 0.0 - (s.points[:, 0] > 0.8))
    pinn = PINN(network(2), PLANE, ["u"], [left, right], points=Collocation(200))
    pinn.refine()
    assert np.mean(np.abs(pinn.interior[:, 0]) > 0.8) > 0.3


def test_without_an_equation_there_is_nothing_to_refine():
    pinn = PINN(network(2), PLANE, ["u"], [], InitialCondition(0.0), FEW)
    before = pinn.interior
    pinn.refine()
    assert np.array_equal(pinn.interior, before)


@pytest.mark.parametrize("points", [np.empty((0, 1)), [], np.empty(0)])
def test_an_empty_point_set_is_refused(points):
    with pytest.raises(physics.PointSetError, match=r"point set of 'interior' is empty"):
        poisson(points=points)


def test_an_empty_point_set_of_a_condition_is_refused():
    class Nowhere(physics.Condition):
        weight, name = 1.0, "nowhere"

        def points(self, domain, collocation):
            return np.empty((0, 2))

        def residual(self, s):
            return s.u

    with pytest.raises(physics.PointSetError, match="point set of 'nowhere' is empty"):
        heat(conditions=[Nowhere()])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_no_numbers_are_shown(bad):
    X = np.zeros((4, 2))
    X[2] = 0.5, bad
    with pytest.raises(
        ac.errors.NonFiniteError, match=f"interior: 1 of 4 points are not finite, the first in row 2: x = 0.5, t = {bad}"
    ):
        heat(points=X)


def test_points_outside_are_shown():
    X = np.array([[0.5, 0.5], [0.5, 1.5], [0.5, -0.1]])  # t runs from 0 to 1
    with pytest.raises(
        physics.PointSetError, match=r"interior: 2 of 3 .* outside Interval.*row 1: x = 0.5, t = 1.5. The columns are x, t"
    ):
        heat(points=X)
    with pytest.raises(physics.PointSetError, match=r"data: 1 of 1 .* outside.*x = 0.5, t = -3"):
        heat(conditions=[PointData([[0.5, -3.0]], [0.0])])
    other = Interval("x", -2, 2) * TimeInterval("t", 0, 1)
    with pytest.raises(physics.PointSetError, match=r"boundary x = 2.*outside"):
        heat(conditions=[DirichletBC(other.boundary("x")[1])])


def test_points_rounded_to_single_precision_are_inside():
    edge = np.array([[0.1], [0.7]], dtype=np.float32)
    pinn = PINN(network(), Interval("x", 0.1000001, 0.7 - 1e-8), ["u"], lambda s: s.u, points=edge)
    assert pinn.interior.tolist() == edge.tolist()


def test_points_have_the_columns_of_the_domain():
    with pytest.raises(ac.errors.ShapeError, match=r"\(N, 2\), columns x, t; got \(5, 3\)"):
        heat(points=np.zeros((5, 3)))


# What is said when the problem is made


def test_an_unknown_derivative_is_told_at_once_with_the_known_names():
    with pytest.raises(physics.UnknownFieldError, match="'v_x'. Known are the coordinates x, the outputs u.* u_x, u_xx"):
        poisson(lambda s: s.v_x)
    with pytest.raises(physics.UnknownFieldError, match="'u_y'"):
        heat(conditions=[DirichletBC("x", lambda s: s.u_y)])
    with pytest.raises(physics.UnknownFieldError, match="'w'"):
        heat(conditions=[InitialCondition(0.0, output="w")])


def test_it_is_tried_at_one_point_only():
    asked = []
    poisson(lambda s: asked.append(len(s.points)) or s.u_xx, points=Collocation(5000))
    assert asked == [1]


def test_a_network_of_another_width_is_told_at_once():
    with pytest.raises(ac.errors.ShapeError, match=r"gave shape \(1, 2\).* one column for each of the outputs u"):
        PINN(network(1, 2), LINE, ["u"], lambda s: s.u_x)
    with pytest.raises(TypeError, match=r"None is no network. Write nn.MLP\(\[2, 20, 20, 1\]\)"):
        PINN(None, PLANE, ["u"], lambda s: s.u_t)
    words = r"PINN: the network takes 2 inputs, but is given the coordinate x. Make its first layer 1 wide."
    for wrong in (network(2, 1), nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)), {"u": (network(2), "x")}):
        with pytest.raises(ac.errors.ShapeError, match=words) as caught:
            PINN(wrong, LINE, ["u"], lambda s: s.u_x)
        assert caught.value.__suppress_context__, "one mistake, one traceback"
    with pytest.raises(ac.errors.ShapeError, match="network 2 of 2 takes 1 input, but is given the coordinates x, t"):
        PINN({"u": network(2), "v": network(1)}, PLANE, ["u", "v"], lambda s: s.u_x)
    with pytest.raises(ac.errors.ShapeError, match=r"at points of shape \(1, 1\), columns x: linear"):
        PINN(nn.Sequential(nn.Tanh(), network(2, 1)), LINE, ["u"], lambda s: s.u_x)


@pytest.mark.parametrize("constant", [lambda s: np.ones(len(s.points)), lambda s: s.x**2, lambda s: np.sin(s.u.numpy())])
def test_a_residual_that_training_cannot_change_is_explained(constant):
    with pytest.raises(ac.errors.GradientError, match=r"'residual' does not depend on the network.*s.u.*autograd_core"):
        poisson(constant)
    with pytest.raises(ac.errors.GradientError, match="'residual 2' does not depend"):
        poisson([lambda s: s.u_x, constant])


def test_a_residual_may_use_what_comes_later():
    def residual(s):
        return s.u_x - pinn.speed * s.u

    pinn = poisson(residual)
    pinn.speed = 2.0
    assert pinn.fit(ADAM, progress=False).steps == 5

    class Problem(PINN):
        def __init__(self):
            super().__init__(network(), LINE, ["u"], self.equation, DirichletBC("x"), Collocation(5))
            self.speed = 2.0

        def equation(self, s):
            return s.u_x - self.speed * s.u

    assert Problem().fit(ADAM, progress=False).steps == 5


def test_a_residual_may_hold_an_array_for_its_points():
    x = np.linspace(0, 1, 9)
    pinn = poisson(lambda s: s.u_xx + np.sin(x), points=x)
    assert pinn.fit(ADAM, progress=False).steps == 5


def test_numbers_that_are_not_finite_at_the_start_do_not_hinder_making_it():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert poisson(lambda s: ac.log(s.u - 10.0)).conditions
    assert not warned


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({"residual": None}, TypeError, "'residual' is None; an equation is a function"),
        ({"residual": [lambda s: s.u, 3]}, TypeError, "'residual 2' is 3"),
        ({"residual": [], "conditions": []}, ValueError, "nothing to learn"),
        ({"residual": {"loss": lambda s: s.u}}, ValueError, "'loss': a column of the history"),
        ({"conditions": [PointData([0.5], [1.0], name="step")]}, ValueError, "'step': a column"),
        ({"conditions": [lambda s: s.u]}, TypeError, r"is no condition. Write one such as physics.DirichletBC"),
        ({"weight": -1.0}, ValueError, "weight of 'residual' is -1.0"),
        ({"weight": np.nan}, ValueError, "weight of 'residual' is nan"),
        ({"conditions": [DirichletBC("x", 0.0, weight="high")]}, ValueError, "weight of 'boundary x' is 'high'"),
        ({"domain": (0, 1)}, TypeError, r"\(0, 1\) is no domain. Write physics.Interval"),
        ({"transform": physics.HardConstraints}, TypeError, r"is no function of points.*Write HardConstraints\(domain, "),
        ({"weighting": "uncertainty"}, TypeError, "weighting='uncertainty' does not weigh terms.*names of the terms"),
        ({"weighting": physics.ReLoBRaLo}, TypeError, "does not weigh terms"),
        ({"weighting": physics.FixedWeights({"initial": 1.0})}, ValueError, "name 'initial'; the terms are 'residual'"),
        ({"residual": lambda x, u: u}, TypeError, "residual is a function of x, u; needed is one of a single state"),
        ({"conditions": [DirichletBC("x", 0.0, output="v")]}, physics.UnknownFieldError, "boundary x: unknown field 'v'"),
        ({"outputs": []}, ValueError, "at least one output"),
        ({"outputs": ["x"]}, ValueError, "Two fields are called 'x'"),
        ({"outputs": ["u_x"]}, physics.UnknownFieldError, "'u_xx'"),
    ],
)
def test_a_problem_that_makes_no_sense(options, error, words):
    with pytest.raises(error, match=words):
        poisson(**options)


@pytest.mark.parametrize("kind", [nn.Linear(1, 1), nn.MLP([1, 8, 1], activation="relu", generator=0)], ids=["linear", "relu"])
def test_a_network_without_the_derivatives_of_the_equation_is_noticed(kind):
    with pytest.warns(physics.FlatNetworkWarning, match="u_xx is zero at all points and u_x is not.*tanh in place of relu"):
        PINN(kind, LINE, ["u"], lambda s: s.u_xx + s.u, [DirichletBC("x", 0.0)], FEW)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PINN(kind, LINE, ["u"], lambda s: s.u_x + s.u, [DirichletBC("x", 0.0)], FEW)
        PINN(network(), LINE, ["u"], lambda s: s.u_xx + s.u, [DirichletBC("x", 0.0)], FEW)


def test_a_second_coefficient_of_one_name():
    with pytest.raises(ValueError, match="a second coefficient cannot be called 'k'"):
        poisson(parameters=[physics.Parameter(1.0, "k"), physics.Parameter(2.0, "k")])


@pytest.mark.parametrize(
    "use",
    [lambda x: x**2, lambda x: ac.sin(x), lambda x: np.sin(x), lambda x: -x, lambda x: 2.0 * x, lambda x: np.ones(1) * x,
     lambda x: ac.ones(1) - x, lambda x: x[:, 0], lambda x: x > 0.5, lambda x: [*x], lambda x: float(x), ac.exp],
    ids=["power", "ac", "NumPy", "minus", "times", "array", "Tensor", "column", "more", "all", "float", "itself"],
)  # fmt: skip
def test_a_function_that_takes_the_state_for_a_coordinate_is_told_at_once(use):
    words = r"{}: the function is given the state s, not a coordinate. Write lambda s: …, with the coordinates as s.x, s.t"
    with pytest.raises(TypeError, match=words.format("residual")):
        PINN(network(2), PLANE, ["u"], use)
    for condition in (InitialCondition(use), DirichletBC("x", use), physics.OperatorBC(use)):
        with pytest.raises(TypeError, match=words.format(condition.name)):
            heat(conditions=[condition])


def test_what_it_is_can_be_read():
    pinn = heat(conditions=[InitialCondition(1.0), InitialCondition(1.0), DirichletBC("x", 1.0)])
    domain = "domain: Interval('x', -1, 1) * TimeInterval('t', 0, 1)"
    points = ["equations: residual (10 points)", "conditions: initial (4 points), initial 2 (4 points), boundary x (4 points)"]
    assert [line.strip() for line in repr(pinn).splitlines()][:6] == ["PINN(", domain, "outputs: u", *points, "(network): MLP("]
    assert "conditions: none" in repr(poisson(conditions=[]))


def test_points_outside_are_predicted_with_a_warning():
    pinn = heat()
    words = r"predict: 2 of 3 points are outside Inter.* at x = 0.5, t = 1.5: "
    with pytest.warns(physics.ExtrapolationWarning, match=words) as found:
        pinn.predict([[0.5, 0.5], [0.5, 1.5], [-1.1, 1.0]])
    assert [each.filename for each in found] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pinn.predict([[1.0 + 1e-9, 1.0]], "u_x")


def test_residuals_outside_are_told_with_a_warning():
    with pytest.warns(physics.ExtrapolationWarning, match="residual: 1 of 2 points are outside Inter.* at x = 0.5, t = 1.5"):
        heat().residual([[0.5, 0.5], [0.5, 1.5]])


def test_points_as_tensors_have_the_shapes_of_arrays():
    pinn = PINN(network(1), Interval("x", 0, 1), ["u"], lambda s: s.u_x, points=FEW)
    x = ac.tensor([0.2, 0.4], requires_grad=True)
    assert pinn.predict(x).tolist() == pinn.predict([0.2, 0.4]).tolist()
    ac.sum(pinn.state(x).u).backward()  # not cut off
    assert x.grad.numpy() == pytest.approx(pinn.predict([0.2, 0.4], "u_x"))
    with pytest.raises(ac.errors.ShapeError, match=r"have shape \(N, 1\), columns x; got \(1, 2\)"):
        pinn.predict(ac.tensor([[0.2, 0.4]]))


def test_between_the_points_of_a_cloud_there_is_no_warning():
    cloud = physics.PointCloud(("x", "y"), np.random.default_rng(0).uniform(0, 1, (30, 2))) * TimeInterval("t", 0, 1)
    pinn = PINN(network(3), cloud, ["u"], lambda s: s.u_t, points=FEW)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pinn.predict([[0.5, 0.5, 0.5]])
    with pytest.warns(physics.ExtrapolationWarning, match="1 of 1 points"):
        pinn.predict([[0.5, 2.5, 0.5]])


# What is said in the first step


@STAGES
@pytest.mark.parametrize(
    "residual, given",
    [
        (lambda s: s.u[:, None], r"shape \(20, 1\)"),
        (lambda s: s.u - s.x[:, None], r"shape \(20, 20\)"),
        (lambda s: ac.mean(s.u**2), r"shape \(\)"),
        (lambda s: None, "a NoneType"),
    ],
)
def test_a_residual_of_another_shape_is_explained(stage, residual, given):
    pinn = poisson(residual)
    with pytest.raises(ac.errors.ShapeError, match=rf"'residual' gave {given} at 20 points; needed is .*shape \(20,\)"):
        pinn.fit(stage, progress=False)


def test_a_complex_residual_is_explained():
    with pytest.raises(ac.errors.DTypeError, match="'residual' is complex. Give its real and its imaginary part as two"):
        poisson(lambda s: s.u_xx * 1j).fit(ADAM, progress=False)


def test_a_residual_of_another_shape_is_explained_in_refinement():
    with pytest.raises(ac.errors.ShapeError, match=r"'residual' gave shape \(80, 1\)"):
        poisson(lambda s: s.u[:, None]).fit(Stage(nn.optim.Adam, steps=4, refine_every=2), progress=False)


def test_a_network_without_weights():
    pinn = PINN(lambda X: X, LINE, ["u"], lambda s: s.u_x)
    with pytest.raises(ValueError, match="parameter"):
        pinn.fit(ADAM, progress=False)


# Not a number


@STAGES
def test_a_logarithm_of_a_negative_number(stage):
    pinn = poisson(lambda s: ac.log(s.u_x - 10.0 * s.x + 5.0))
    before, worst = weights(pinn), pinn.interior[pinn.state(pinn.interior).u_x.numpy() - 10.0 * pinn.interior[:, 0] + 5.0 < 0]
    with pytest.raises(ac.errors.NonFiniteError) as caught:
        pinn.fit(stage, progress=False)
    text = str(caught.value)
    assert f"'residual' became nan at step 1 ({stage.name})" in text
    assert f"x = {worst[0, 0]:.6g} (residual nan)" in text
    assert np.array_equal(weights(pinn), before)


def test_a_residual_whose_square_overflows_is_worst_where_it_is_largest():
    x = np.array([0.2, 0.9, 0.4])
    with pytest.raises(ac.errors.NonFiniteError, match=r"'residual' became inf at step 1 .*x = 0.9 \(residual 8.1e\+199\)"):
        poisson(lambda s: s.u * 0.0 - 1e200 * s.x * s.x, points=x).fit(ADAM, progress=False)


def test_a_condition_that_is_no_number():
    with pytest.raises(ac.errors.NonFiniteError, match="'boundary x' became nan at step 1.*worst at x = 1 "):
        poisson(conditions=[DirichletBC("x", lambda s: ac.log(0.5 - s.x))]).fit(ADAM, progress=False)


def test_a_learning_rate_that_explodes_leaves_the_best_weights():
    pinn = poisson()
    with pytest.raises(ac.errors.NonFiniteError, match=r"\(SGD\), worst at x = .*put back: best so far.*smaller lr"):
        pinn.fit(Stage(nn.optim.SGD, steps=200, lr=5.0), progress=False)
    assert loss_of(pinn) == min(pinn.history.columns["loss"])
    assert pinn.history.steps > 0


def test_weights_that_became_nan_before_points_are_drawn_anew():
    pinn = poisson()
    with pytest.raises(ac.errors.NonFiniteError, match="'(residual|boundary x)' became"):
        pinn.fit(Stage(nn.optim.SGD, steps=4, lr=1e160, refine_every=1), progress=False)
    assert np.isfinite(weights(pinn)).all()


# Ctrl-C


@pytest.mark.parametrize("stage", [ADAM, LBFGS, LBFGSB], ids=lambda s: s.name)
@pytest.mark.parametrize("step", [1, 4])
def test_ctrl_c_keeps_what_was_learned(stage, step):
    calls = []

    def residual(s):
        calls.append(len(s.points))
        if calls.count(20) == step:
            raise KeyboardInterrupt
        return s.u_xx + 1.0

    pinn = poisson(residual)
    start = weights(pinn)
    history = pinn.fit([stage, ADAM], progress=False)
    assert history is pinn.history
    assert history.interrupted
    assert history.stop_reasons == [(stage.name, f"interrupted after step {history.steps}")]
    assert np.array_equal(weights(pinn), start) == (step == 1)
    assert (history.steps > 0) == (step > 1)
    assert loss_of(pinn) < loss_of(poisson(lambda s: s.u_xx + 1.0)) or step == 1


def test_training_goes_on_after_ctrl_c():
    presses = [False, True]  # the first call is the trial when it is made

    def residual(s):
        if presses and presses.pop(0):
            raise KeyboardInterrupt
        return s.u_xx + 1.0

    pinn = poisson(residual)
    assert pinn.fit(ADAM, progress=False).interrupted
    assert not pinn.fit(ADAM, progress=False).interrupted
    assert pinn.history.steps == 5
