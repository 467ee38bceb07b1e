"""Which entry of a grid is chosen, and what is said of the grid."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_gd._tuning import Grid, about_the_edge, about_unstable_rates, choose


def grid_of(lrs, n_iters):
    return Grid(np.array(lrs, dtype=float), np.arange(n_iters))


def one_fold(scores):
    return np.asarray(scores, dtype=float)[..., np.newaxis]


@pytest.mark.parametrize("order", [1, -1])
def test_ties_go_to_fewest_updates_then_smallest_rate(order):
    """Scores equal to rounding are equal: updates decide, then rates, whatever the order."""
    lrs = np.array([0.1, 0.2, 0.3])[::order]
    scores = np.array([[-9.0, -2.0, -1.0, -1.0], [-9.0, -1.0, -1.0, -1.0], [-9.0, -1.0, -1, -1]])
    noisy = scores * (1 + 1e-13 * np.random.default_rng(0).standard_normal(scores.shape))
    i, j = choose(one_fold(noisy[::order]), grid_of(lrs, 4), "best")
    assert (lrs[i], j) == (0.2, 1)


def test_the_noise_of_a_perfect_fit_does_not_choose():
    """Errors far below the rounding of what was gained are equal."""
    assert choose(one_fold([[-1.0, -1e-30, -3e-31, -2e-33]]), grid_of([0.1], 4), "best") == (0, 1)


def test_one_standard_error():
    """The smallest lr * t within one standard error wins, then the fewest updates."""
    grid = Grid(np.array([0.1, 0.2, 0.4]), np.array([0, 1, 2, 4]))
    mean = np.array([[-9, -5, -2.5, -1.5], [-9, -2.5, -1.5, -1.0], [-9, -1.5, -1.1, -1.2]])
    scores = mean[..., np.newaxis] + np.array([-1.0, 0.0, 1.0])  # standard error 1 / sqrt(3)
    assert choose(scores, grid, "best") == (1, 3)
    # 0.1 * 4, 0.2 * 2 and 0.4 * 1 are all within it and equal: the fewest updates.
    assert choose(scores, grid, "one_se") == (2, 1)
    with pytest.raises(ValueError, match="two folds or more"):
        choose(scores[..., :1], grid, "one_se")


def test_a_callable_chooses_from_the_mean_scores():
    """It is given a copy of the mean scores and returns an index."""
    scores = np.random.default_rng(0).standard_normal((2, 3, 4))

    def worst(mean):
        index = np.unravel_index(np.argmin(mean), mean.shape)
        mean[:] = 0.0
        return index

    expected = np.unravel_index(np.argmin(scores.mean(axis=-1)), (2, 3))
    assert choose(scores, grid_of([1, 2], 3), worst) == tuple(expected)


@pytest.mark.parametrize("answer", [None, 3, (0,), (0, 1, 2), (0, 3), (-1, 0), (0.5, 1), "01"])
def test_what_is_not_an_index_is_refused(answer):
    """A callable that returns anything but an index in the grid is told so."""
    with pytest.raises(ValueError, match=r"selection must return the index \(i, j\)"):
        choose(one_fold(np.zeros((2, 3))), grid_of([1, 2], 3), lambda mean: answer)


def test_no_finite_score():
    """Without a finite score there is nothing to choose."""
    with pytest.raises(ValueError, match="finite score"):
        choose(np.full((2, 3, 2), -np.inf), grid_of([1, 2], 3), "best")


def test_rates_that_all_diverge_are_named():
    """The largest stable rate is said if no rate of the grid is below it."""
    assert about_unstable_rates(grid_of([0.01, 5], 3), 0.3) is None
    said = about_unstable_rates(grid_of([0.9, 5], 3), 0.3)
    assert "largest stable one, 0.3" in said
    assert "Give lrs below 0.3" in said


def test_the_edge_of_a_grid_is_named_if_more_would_help():
    """A score that still rises at the last number of updates asks for a larger rate or more."""
    grid = Grid(np.array([0.01, 0.1]), np.array([1, 5, 10]))
    rising, resting = np.array([[-4, -3.5, -3.2]] * 2), np.array([[-4, -1.001, -1.0]] * 2)
    lists = ("lrs", "iters")
    assert "Raise lrs: rates below 0.9" in about_the_edge(rising, (1, 2), grid, 0.9, lists)
    assert "Give larger iters" in about_the_edge(rising, (0, 2), grid, 0.9, lists)
    assert "Raise max_iter" in about_the_edge(rising, (1, 2), grid, 0.15, ("lrs",))
    assert "Raise max_iter" in about_the_edge(rising, (1, 2), grid, 0.9, ())
    assert about_the_edge(resting, (1, 2), grid, 0.9, lists) is None
    assert about_the_edge(rising, (1, 1), grid, 0.9, lists) is None
    # A longer descent would diverge.
    assert about_the_edge(rising, (1, 2), grid, 0.05, lists) is None
    # Entries too far apart, or a single one, do not tell.
    for iters, scores in (([0, 1, 500], rising), ([10], rising[:, 2:])):
        far = Grid(grid.lrs, np.array(iters))
        assert about_the_edge(scores, (1, len(iters) - 1), far, 0.9, lists) is None


@pytest.mark.parametrize("selection", ["best", "one_se"])
def test_scores_that_are_no_numbers_are_the_worst(selection):
    """An entry without a score changes nothing of the choice among the others."""
    grid, scores = grid_of([0.1, 0.2], 4), np.random.default_rng(0).uniform(size=(2, 4, 3))
    scores[1, 2] += 5.0
    scores[0, 3, 1] = np.nan
    assert choose(scores, grid, selection) == (1, 2)
