"""The numerics of the descent: NumPy and SciPy only, no estimator in sight."""
