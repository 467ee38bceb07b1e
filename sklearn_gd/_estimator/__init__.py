"""What scikit-learn asks of estimators: validation, preparing input, predictions, callbacks.

What users pass comes in; checked problems, descent paths and fitted attributes go out.
Imports `path`, `moments` and the chapters below them; scikit-learn; Dask through `dask_dispatch`.
"""
