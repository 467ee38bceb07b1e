"""A path in words: histories of a user's own descent go in, sentences come out.

Other folders use `Comparison` and `compare` of `comparison.py`.
The folder imports NumPy only, and reads the public methods of the path that it is handed.
"""
