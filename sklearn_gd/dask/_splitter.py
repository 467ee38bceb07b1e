"""Cross-validation whose folds are whole partitions of a Dask collection."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from sklearn_gd._estimator.parameters import check_flag, check_number


class PartitionKFold(BaseCrossValidator):
    """K folds of whole partitions of a Dask collection, for `GDLinearRegressorCV`.

    A fold needs no index of rows, so the memory of the client does not limit the number of rows.
    Rows of one partition are in one fold, which is right for partitions whose rows belong together,
    such as those of a day or of a customer. An integer `cv` makes folds of single rows instead,
    with an index for each row.

    Parameters
    ----------
    n_splits : int, default=5
        The number of folds, at least 2 and at most as many as there are partitions.
    shuffle : bool, default=False
        Whether partitions are assigned to folds at random; by default folds are runs of partitions.
    random_state : int, RandomState or None, default=None
        The randomness of the shuffle.

    See Also
    --------
    sklearn_gd.GDLinearRegressorCV : Takes an instance as `cv`.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn_gd import GDLinearRegressorCV
    >>> from sklearn_gd.dask import PartitionKFold
    >>> X = da.random.default_rng(0).normal(size=(1000, 3), chunks=(100, 3))
    >>> y = X @ [1.0, 2.0, 3.0] + 1.0
    >>> GDLinearRegressorCV(lrs=[0.1, 1.0], cv=PartitionKFold(5)).fit(X, y).lr_
    1.0
    """

    def __init__(
        self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None
    ) -> None:
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object
            Ignored; present for compatibility with scikit-learn.

        Returns
        -------
        int
            `n_splits`.
        """
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the folds as indices of rows, as scikit-learn's splitters do.

        Parameters
        ----------
        X : dask.array.Array
            Features, or anything in the same chunks of rows. Lengths must be known.
        y, groups : object
            Ignored; present for compatibility with scikit-learn.

        Yields
        ------
        train, test : ndarray of int
            Rows to fit on and rows to score on.
        """
        chunks = getattr(X, "chunks", None)
        if chunks is None or np.isnan(chunks[0]).any():
            raise TypeError(
                f"PartitionKFold splits the rows of a Dask array of known chunks; got "
                f"{type(X).__name__}. GDLinearRegressorCV takes any Dask collection with it."
            )
        owner = np.repeat(self.folds(len(chunks[0])), chunks[0])
        for fold in range(self.n_splits):
            yield np.flatnonzero(owner != fold), np.flatnonzero(owner == fold)

    def folds(self, n_partitions: int) -> NDArray[np.intp]:
        """Return the number of the fold that holds out each partition.

        Parameters
        ----------
        n_partitions : int
            The number of partitions.

        Returns
        -------
        ndarray of shape (n_partitions,)
            Numbers of folds, from 0.
        """
        n_splits = check_number("n_splits", self.n_splits, Integral, least=2)
        if n_splits > n_partitions:
            raise ValueError(
                f"n_splits={n_splits} folds of whole partitions need as many partitions; the "
                f"collection has {n_partitions}. Repartition it, or give cv={n_splits} for folds "
                f"of rows."
            )
        order = np.arange(n_partitions, dtype=np.intp)
        if check_flag("shuffle", self.shuffle):
            check_random_state(self.random_state).shuffle(order)
        # Runs of `order` as equal as they can be; argsort returns where each partition is in it.
        return np.sort(order % n_splits)[np.argsort(order)]
