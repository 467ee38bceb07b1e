"""A path in words and on other rows: messages, forecasts, diagnoses, explanations, comparisons.

A descent path comes in; sentences and small frozen records go out.
Imports `_tuning` and the chapters below it, NumPy, SciPy and scikit-learn's public functions.
"""
