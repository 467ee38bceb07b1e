"""A path in words: reads the public methods of a path, returns objects that print as sentences.

Other folders use `Comparison` and `compare` of `comparison.py`.
The folder imports NumPy and nothing of this library but the path it is handed.
"""
