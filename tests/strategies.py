"""Random problems for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def problems(draw, max_rows=20, max_columns=5):
    """(X, y, sample_weight, fit_intercept): any shape, rank, column scales and weights."""
    n = draw(st.integers(1, max_rows))
    d = draw(st.integers(1, max_columns))
    rank = draw(st.integers(1, min(n, d)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))
    X *= 10.0 ** np.array(draw(st.lists(st.integers(-2, 2), min_size=d, max_size=d)))
    X += draw(st.sampled_from([0.0, 0.0, 1.0, 10.0]))
    y = X @ rng.standard_normal(d) + draw(st.sampled_from([0.01, 1.0, 10.0])) * rng.random(n)
    weighted = draw(st.booleans())
    weights = rng.integers(0, 4, n) + rng.random() if weighted else None
    return X, y, weights, draw(st.booleans())


# Exactly at the limit a direction neither shrinks nor grows, and rounding decides which.
relative_rates = st.floats(0.01, 3.0).filter(lambda r: abs(r - 1) > 1e-3)
# Where the descent converges, so that rounding is not blown up from update to update.
stable_rates = st.floats(0.01, 0.99)
steps = st.integers(0, 10**6)
shuffles = st.integers(0, 2**32 - 1).map(np.random.default_rng)
