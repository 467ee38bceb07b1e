"""What SciPy has of LAPACK for Cython alone: bidiagonal forms and their singular values.

With dgebrd and dbdsdc rows are decomposed in 0.6 to 0.9 of the time that dgesdd takes, which also
multiplies by the orthogonal matrices of the first (`benchmarks.small`); a descent asks for a few
products of those with vectors. SciPy exports both
from `scipy.linalg.cython_lapack`, with their C signatures; where it should not, or with others,
`HAS_BIDIAGONAL` is False.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import LowLevelCallable
from scipy.linalg import cython_lapack  # noqa: TID251  (few rows are SciPy's)

Floats = NDArray[np.float64]

# Columns that dgebrd takes at once, at most.
BLOCK = 32
KINDS = {"char *": "c", "int *": "i"}


def _routine(name: str, arguments: str) -> Callable[..., None] | None:
    """By name, its arguments pointers to characters (c), 32-bit integers (i) and doubles (d)."""
    try:
        exported = LowLevelCallable.from_cython(cython_lapack, name)
        signature = exported.signature
        address_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
            ("PyCapsule_GetPointer", ctypes.pythonapi)
        )
        address = address_of(exported.function, signature.encode())
    except (AttributeError, ValueError):
        return None
    taken = signature.removeprefix("void (").removesuffix(")").split(", ")
    kinds = "".join("d" if c.endswith("_d *") else KINDS.get(c, "?") for c in taken)
    pointers = [ctypes.c_void_p] * len(arguments)
    return ctypes.CFUNCTYPE(None, *pointers)(address) if kinds == arguments else None


_dgebrd = _routine("dgebrd", "iididddddii")
_dbdsdc = _routine("dbdsdc", "ccidddidididii")
HAS_BIDIAGONAL = _dgebrd is not None and _dbdsdc is not None


def _call(function: Callable[..., None] | None, *arguments: Any) -> None:
    """With pointers to characters, integers and arrays, and to where LAPACK says how it went."""
    assert function is not None
    info = ctypes.c_int(0)
    function(*map(_pointer, arguments), ctypes.byref(info))
    if info.value:
        raise np.linalg.LinAlgError("Singular values did not converge")


def _pointer(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.ctypes.data
    return argument if isinstance(argument, bytes) else ctypes.byref(ctypes.c_int(argument))


def bidiagonal(matrix: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Its diagonal, what is above that, and the factors of the reflections on either side.

    Of (m, n) in Fortran order, m >= n; the vectors of the reflections take the matrix's place.
    """
    m, n = matrix.shape
    diagonal, above, left, right = (np.empty(n) for _ in range(4))
    work = np.empty((m + n) * BLOCK)
    _call(_dgebrd, m, n, matrix, m, diagonal, above, left, right, work, work.size)
    return diagonal, above[:-1], left, right


def singular(diagonal: Floats, above: Floats) -> tuple[Floats, Floats, Floats]:
    """U, sigma and V' of an upper bidiagonal matrix, (n, n)."""
    n = diagonal.size
    left, right = (np.empty((n, n), order="F") for _ in range(2))
    sigma, rest, none = diagonal.copy(), np.append(above, 0.0), np.empty(1)
    work, numbers = np.empty(3 * n * n + 4 * n), np.empty(8 * n, dtype=np.int32)
    square = (left, n, right, n, none, numbers)
    _call(_dbdsdc, b"U", b"I", n, sigma, rest, *square, work, numbers)
    return left, sigma, right
