"""What a recorded descent knows."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_gd._descent import RecordedDescent, UpdateRule

LOSSES = np.array([4.0, 3.0, 2.0, 1.0])
THETAS = np.arange(12.0).reshape(4, 3, 1)


def test_a_record_is_what_was_visited():
    """Answers have the shape of t first and are the recorded numbers."""
    record = RecordedDescent(UpdateRule(0.1), LOSSES, np.arange(4), THETAS, -THETAS, None)
    assert (record.last_known, record.start.tolist()) == (3, [[0.0], [1.0], [2.0]])
    assert record.loss([[0, 3]]).tolist() == [[4.0, 1.0]]
    assert record.theta(np.uint8(2)).tolist() == [[6.0], [7.0], [8.0]]
    assert record.theta([1, 2], slice(1, 2)).tolist() == [[[4.0]], [[7.0]]]
    assert record.gradient(3).tolist() == [[-9.0], [-10.0], [-11.0]]
    with pytest.raises(ValueError, match=r"up to t = 3; t = 4 is beyond"):
        record.loss([1, 4])


def test_a_short_record_keeps_the_first_iterates_and_the_last():
    """Losses are all there; parameters in between are refused by name."""
    record = RecordedDescent(
        UpdateRule(0.1), LOSSES, np.array([0, 3]), THETAS[:2], THETAS[:2], None
    )
    assert record.loss(2) == 2.0
    assert np.array_equal(record.theta([0, 3]), THETAS[:2])
    with pytest.raises(ValueError, match=r"the first 1 iterates and of the last"):
        record.theta(1)
