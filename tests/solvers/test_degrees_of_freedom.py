"""dof(t) is the trace of the map from y to predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sklearn_gd._descent import ClosedForm, UpdateRule
from sklearn_gd._solvers import SpectralProblem
from solvers.problems import WORLDS


@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "weighted",
        "no intercept",
        "wide",
        "duplicate columns",
        "sparse, penalised",
        "penalised, weighted, started",
        "wide, penalised, started",
    ],
)
def test_degrees_of_freedom_are_the_trace_of_the_smoother(name, momentum):
    """Loops on the unit vectors as targets give the map, with weights and a penalty."""
    world = WORLDS[name]
    units = replace(world, y=np.eye(len(world.y)), started=False)
    rule = UpdateRule(0.9 / world.largest, momentum)
    thetas, _ = units.loop(rule, 40)
    Z = np.column_stack([np.ones(len(world.y)), world.dense])
    Z = Z if world.fit_intercept else Z[:, 1:]
    problem = SpectralProblem(world.problem, world.start)
    for spectrum in (problem.spectrum, problem.refined):
        form = ClosedForm(spectrum, rule)
        for t in (0, 1, 7, 40):
            assert form.dof(t) == pytest.approx(np.trace(Z @ thetas[t]), rel=1e-9, abs=1e-12)
