"""Metadata of a fit by folds: what goes to the splitter and what to the scorer."""

from __future__ import annotations

from typing import Any

from sklearn import get_config
from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

# What scoring=None computes in closed form.
CLOSED_FORM_SCORER = "neg_mean_squared_error"


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

    def _route(
        self, sample_weight: Any, params: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
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
        if self.scoring is None:
            return True
        # With routing, a named scorer takes weights only if it requests them.
        routing = get_config().get("enable_metadata_routing") and sample_weight is not None
        return isinstance(self.scoring, str) and self.scoring == CLOSED_FORM_SCORER and not routing
