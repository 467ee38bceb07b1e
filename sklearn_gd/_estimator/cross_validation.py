"""Cross-validation as scikit-learn does it: folds, scorers, and the metadata that go to them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sklearn_gd._data import Each, Folds, FoldsInMemory, LocalRows, Split
from sklearn_gd._estimator.dask_dispatch import dask_module
from sklearn_gd._estimator.prepare import FitInput

# What scoring=None computes in closed form.
CLOSED_FORM_SCORER = "neg_mean_squared_error"
Metadata = dict[str, Any]


class MetadataMixin:
    """Mixin of estimators with parameters `cv` and `scoring`."""

    cv: Any
    scoring: Any

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata goes to the splitter and which to the scorer.

        Returns
        -------
        MetadataRouter
            The routing, as scikit-learn's user guide describes it.
        """
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        to_split = MethodMapping().add(caller="fit", callee="split")
        to_score = MethodMapping().add(caller="fit", callee="score")
        # An integer or an iterable takes no metadata; asking check_cv would use an iterable up.
        if hasattr(self.cv, "split"):
            router.add(splitter=self.cv, method_mapping=to_split)
        if self.scoring is not None:
            router.add(scorer=check_scoring(self, self.scoring), method_mapping=to_score)
        return router

    def _route(self, sample_weight: Any, params: Metadata) -> tuple[Metadata, Metadata]:
        """Return the metadata for the splitter and that for the scorer."""
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if get_config().get("enable_metadata_routing"):
            routed = process_routing(self, "fit", **weights, **params)
            splitter = routed.get("splitter", {"split": {}})
            scorer = routed.get("scorer", {"score": {}})
            return dict(splitter["split"]), dict(scorer["score"])
        unknown = set(params) - {"groups"}
        if unknown:
            raise ValueError(
                f"fit takes {', '.join(sorted(unknown))} only with metadata routing: "
                f"sklearn.set_config(enable_metadata_routing=True)."
            )
        return params, weights

    def _in_closed_form(self, sample_weight: Any) -> bool:
        """Whether no scorer has to be called."""
        # With routing, a named scorer takes weights only if it requests them.
        routing = get_config().get("enable_metadata_routing") and sample_weight is not None
        return self.scoring is None or (self.scoring == CLOSED_FORM_SCORER and not routing)


def folds_of(fit_input: FitInput, cv: Any, params: dict[str, Any], each: Each) -> Folds:
    """Return the folds of a splitter, or of anything else that `check_cv` of scikit-learn takes."""
    rows = fit_input.problem
    if not isinstance(rows, LocalRows):
        folds: Folds = dask_module("_folds").folds_on_workers(rows, cv, params, each)
        return folds
    y = rows.y[:, 0] if fit_input.layout.y_layout == "1d" else rows.y
    splits = checked(check_cv(cv, y).split(rows.X, y, **params), rows.n_samples, cv)
    check_folds((rows.weight_of(split.train), rows.weight_of(split.test)) for split in splits)
    return FoldsInMemory(rows, splits, each)


def checked(splits: Iterable[tuple[Any, Any]], n_samples: int, cv: Any) -> list[Split]:
    """Return splits as indices; raise ValueError if a fold has no rows to fit or to score."""
    everything = np.arange(n_samples)

    def as_index(chosen: Any) -> Any:
        # Lists, masks and negative indices become indices; an empty list has no dtype.
        kind = None if len(chosen) else np.intp
        return np.asarray(everything[np.asarray(chosen, dtype=kind)])

    indices = [Split(as_index(train), as_index(test)) for train, test in splits]
    if not indices:
        raise ValueError(f"cv={cv!r} made no splits.")
    check_folds((len(split.train), len(split.test)) for split in indices)
    return indices


def check_folds(weights: Iterable[tuple[float, float]]) -> None:
    """Raise ValueError if rows that a fold is fitted on, or scored on, have no weight."""
    for i, pair in enumerate(weights):
        for name, weight in zip(("fitted", "scored"), pair, strict=True):
            if not weight > 0:
                raise ValueError(f"Fold {i} is {name} on no rows with a weight above zero.")
