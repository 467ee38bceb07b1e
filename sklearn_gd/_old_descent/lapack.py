"""What SciPy has of LAPACK for Cython alone: bidiagonal forms and their singular vectors.

With dgebrd and dbdsdc rows are decomposed in 0.6 to 0.9 of the time that dgesdd takes, which also
multiplies by the orthogonal matrices of the first (`benchmarks.small`); a descent asks for a few
products of those with vectors. dlasda does not even form singular vectors: divide and conquer
leaves a few numbers for each level, and dlalsa multiplies by those in n^2 operations, as dgelsd
does. SciPy exports these from `scipy.linalg.cython_lapack` only, with their C signatures; where it
should not, or with others, `HAS_BIDIAGONAL` is False.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from itertools import accumulate
from math import frexp, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import LowLevelCallable
from scipy.linalg import cython_lapack  # noqa: TID251  (few rows are SciPy's)

from sklearn_gd._descent.moments import EPS

Floats = NDArray[np.float64]

# Columns that dgebrd takes at once, at most.
BLOCK = 32
# Bidiagonal matrices of so many columns are not divided further. With LAPACK's own 25 it takes a
# third longer for 50 columns and as long for hundreds.
UNDIVIDED = 16
# Singular values from dlasda are off by about this, at most, relative to the largest: what it takes
# for zero at each level is half of it, where dbdsdc takes an eighth of that.
DIVIDED_ERROR = 64 * EPS
NOTHING = ctypes.c_char * 0
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


_DIVIDED = "dididdddiiiiddd"
_dgebrd = _routine("dgebrd", "iididddddii")
_dormbr = _routine("dormbr", "ccciiididdidii")
_dbdsdc = _routine("dbdsdc", "ccidddidididii")
_dlasda = _routine("dlasda", f"iiiidd{_DIVIDED}dii")
_dlalsa = _routine("dlalsa", f"iiiididi{_DIVIDED}dii")
HAS_BIDIAGONAL = None not in (_dgebrd, _dormbr, _dbdsdc, _dlasda, _dlalsa)


def _call(function: Callable[..., None] | None, *arguments: Any) -> None:
    """With pointers to characters, integers and arrays, and to where LAPACK says how it went."""
    assert function is not None
    info = ctypes.c_int(0)
    function(*map(_pointer, arguments), ctypes.byref(info))
    if info.value:
        raise np.linalg.LinAlgError("Singular values did not converge")


def _pointer(argument: Any) -> Any:
    if type(argument) is int:
        return ctypes.byref(ctypes.c_int(argument))
    return _address(argument) if isinstance(argument, np.ndarray) else argument


def _address(array: NDArray[Any]) -> int:
    """Of numbers in Fortran order; `array.ctypes`, for any, takes three times as long."""
    if not array.flags.writeable:
        return array.ctypes.data
    rows: Any = array.T
    return ctypes.addressof(NOTHING.from_buffer(rows))


def bidiagonal(matrix: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Its diagonal, what is above that, and the factors of the reflections on either side.

    Of (m, n) in Fortran order, m >= n; the vectors of the reflections take the matrix's place, with
    their ones.
    """
    m, n = matrix.shape
    diagonal, above, left, right = (np.empty(n) for _ in range(4))
    work = np.empty((m + n) * BLOCK)
    _call(_dgebrd, m, n, matrix, m, diagonal, above, left, right, work, work.size)
    columns = matrix.reshape(-1, order="F")  # the same numbers, one after the other
    columns[: n * m : m + 1] = columns[m :: m + 1] = 1.0
    return diagonal, above[:-1], left, right


def reflect(matrix: Floats, right: Floats, columns: Floats, transposed: str, room: int) -> None:
    """columns <- P columns, or P' columns ("T"), P the reflections on the right of `bidiagonal`."""
    (m, n), count, work = matrix.shape, columns.shape[1], np.empty(room)
    kind = b"P", b"L", transposed.encode()
    _call(_dormbr, *kind, n, count, m, matrix, m, right, columns, n, work, room)


def singular(diagonal: Floats, above: Floats) -> tuple[Floats, Floats, Floats]:
    """U, sigma and V' of an upper bidiagonal matrix, (n, n)."""
    n = diagonal.size
    left, right = (np.empty((n, n), order="F") for _ in range(2))
    sigma, rest, none = diagonal.copy(), np.append(above, 0.0), np.empty(1)
    work, numbers = np.empty(3 * n * n + 4 * n), np.empty(8 * n, dtype=np.int32)
    square = (left, n, right, n, none, numbers)
    _call(_dbdsdc, b"U", b"I", n, sigma, rest, *square, work, numbers)
    return left, sigma, right


def divided(diagonal: Floats, above: Floats) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Singular values of an upper bidiagonal matrix, in no order, and what has `parts`.

    Of more than UNDIVIDED columns.
    """
    n = diagonal.size
    both = np.zeros((2, n))
    both[0], both[1, :-1] = diagonal, above
    largest = np.abs(both).max()
    if not largest < np.inf:
        raise np.linalg.LinAlgError("Singular values did not converge")
    scale = 2.0 ** (frexp(largest)[1] - 1)
    both /= scale
    sigma, beside = both
    # As LAPACK does: zeros would be divided by.
    sigma[np.abs(sigma) < EPS] = EPS
    levels = _levels(n)
    numbers = np.zeros(n * (2 * UNDIVIDED + 3 + 8 * levels))
    integers = np.zeros(n * (2 + 3 * levels), np.int32)
    work, room = np.empty(6 * n + (UNDIVIDED + 1) ** 2), np.empty(7 * n, np.int32)
    _call(_dlasda, 1, UNDIVIDED, n, 0, sigma, beside, *parts(numbers, integers, n), work, room)
    return sigma * (scale if largest else 0.0), numbers, integers


def parts(numbers: Floats, integers: NDArray[np.int32], n: int) -> list[Any]:
    """Where dlasda and dlalsa find what, with numbers of rows: good while both arrays are there."""
    levels, at = _levels(n), _address(numbers)
    columns = UNDIVIDED, UNDIVIDED + 1, levels, 2 * levels, levels, 2 * levels, 2 * levels, 1
    places = [ctypes.c_void_p(at + 8 * n * i) for i in accumulate(columns, initial=0)]
    left, right, difl, difr, z, poles, given, c, s = places
    at = _address(integers)
    k, pointers, given_columns, order = (
        ctypes.c_void_p(at + 4 * n * i) for i in (0, 1, 2, 2 + 2 * levels)
    )
    halves = [left, n, right, k, difl, difr, z, poles, pointers, given_columns]
    return [*halves, n, order, given, c, s]


def multiplied(parts: list[Any], columns: Floats, *, right: bool) -> Floats:
    """U' columns, or V columns, of the singular vectors, in the order of their values."""
    n, count = columns.shape
    columns = np.array(columns, dtype=np.float64, order="F")
    product = np.empty_like(columns)
    work, room = np.empty(n), np.empty(3 * n, np.int32)
    sides = columns, n, product, n
    _call(_dlalsa, int(right), UNDIVIDED, n, count, *sides, *parts, work, room)
    return product


def _levels(n: int) -> int:
    return 1 + int(log2(n / (UNDIVIDED + 1)))
