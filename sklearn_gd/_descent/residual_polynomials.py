"""Residual polynomials: what is left of a direction after t updates, in closed form.

Along a direction of eigenvalue c the distance to the limit is multiplied by p_t(c), p_0 = 1. All
that reads a descent asks for p_t (`residual_factor`), p_t^2 (`squared`), 1 - p_t (`filter_factor`),
a bound on |p_s| for all s >= t (`envelope`), |c d p_t / d c| (`sensitivity`), which p_t fall
monotonically (`falls`) and which grow (`diverges`), and log |p_{t+1} / p_t| for large t
(`log_rate`). Answers have the shape of t, then that of the eigenvalues; t may be any integer, also
beyond those of 64 bits.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._linalg import Floats

Complex = NDArray[np.complex128]

# Times any number of updates it stays finite, and times a single one it is zero or infinity to exp.
LARGEST_LOG = 1e200
# Factors of growing directions are clipped here, so that inf - inf never makes a nan.
LARGEST_FACTOR = 1e150
# Roots smaller than this are held there: their second power is zero to any sum.
SMALLEST_ROOT = 1e-100
# lr * eigenvalue is held here, so that its square is finite: one update leaves LARGEST_FACTOR then.
LARGEST_REACH = 1e150
# Powers are held at exp of this, about 1e173: beyond LARGEST_FACTOR, and infinite once squared.
LARGEST_EXPONENT = 400.0


class PlainFactors:
    """p_t = r^t with r = 1 - lr * eigenvalue; factors of growing directions may overflow.

    log |r| comes from `log1p` on both sides of r = 0, so that rates far below and rates right at
    the stable limit lose nothing, while `r ** t` would lose t roundings.
    """

    def __init__(self, eigenvalues: Floats, lr: float) -> None:
        with np.errstate(over="ignore", divide="ignore"):
            reach = lr * eigenvalues
            log_size = np.log1p(np.maximum(-reach, reach - 2.0))  # either side of r = 0
            # 1 - r^2 = reach * (2 - reach) keeps its digits when r is close to 1 or to -1.
            self.lost_per_update: Floats = reach * (2.0 - reach)
        self._reach: Floats = clip_overflow(reach)
        # r = 0 and a rate that overflows become finite, so that t = 0 gives 0 and r^0 = 1.
        self.log_rate: Floats = np.minimum(np.maximum(log_size, -LARGEST_LOG), LARGEST_LOG)
        self._negative: NDArray[np.bool_] = reach > 1.0
        self._any_negative = bool(self._negative.any())
        self.diverges: NDArray[np.bool_] = self.lost_per_update < 0
        self.falls = ~self._negative

    def residual_factor(self, t: ArrayLike) -> Floats:
        size = np.exp(as_column(t) * self.log_rate)
        if self._any_negative:
            size = np.where(self._negative & is_odd(t), -size, size)
        return np.asarray(size)

    def squared(self, t: ArrayLike) -> Floats:
        return np.asarray(np.exp(2.0 * as_column(t) * self.log_rate))

    def filter_factor(self, t: ArrayLike) -> Floats:
        gone = -np.expm1(as_column(t) * self.log_rate)
        if self._any_negative:
            gone = np.where(self._negative & is_odd(t), 2.0 - gone, gone)
        return np.asarray(gone)

    def envelope(self, t: ArrayLike) -> Floats:
        return np.asarray(np.exp(as_column(t) * self.log_rate))

    def sensitivity(self, t: ArrayLike) -> Floats:
        """t reach r^(t - 1) for r >= 0; for r < 0 no more than 1 - |p_t|.

        Close to the stable limit it is t, more than a second decomposition could mend: the
        contract leaves digits out there.
        """
        t = as_column(t)
        with np.errstate(over="ignore"):
            exact = t * self._reach * np.exp(np.maximum(t - 1.0, 0.0) * self.log_rate)
            lost = np.abs(np.expm1(t * self.log_rate))
        return np.where(self._negative, np.minimum(exact, lost), exact)


class MomentumFactors:
    """p_t of heavy ball (Polyak 1964) and of Nesterov's momentum, for a momentum m above zero.

    Both satisfy p_{t+1} = P p_t - Q p_{t-1}; z1, z2 are the roots of z^2 - P z + Q. With
    S_t = (z1^t - z2^t) / (z1 - z2)::

        p_t = S_{t+1} - m S_t = z1^t - (z1 - p_1) S_t
        heavy ball: P = 1 + m - lr c,         Q = m
        Nesterov:   P = (1 + m) (1 - lr c),   Q = m (1 - lr c)

    Where P < 0 the sequence of z -> -z is used, times (-1)^t, so that |z1| is the larger root
    always. z1 = 1 - u comes from the equation for u, which keeps the digits of 1 - z1 for slow
    directions and near the stable limit; log z1 is then known relatively.
    """

    def __init__(self, eigenvalues: Floats, lr: float, momentum: float, nesterov: bool) -> None:
        m = self._m = momentum
        with np.errstate(over="ignore"):
            reach = np.minimum(lr * eigenvalues, LARGEST_REACH)
        left = 1.0 - reach
        P = (1.0 + m) * left if nesterov else 1.0 + m - reach
        Q = m * left if nesterov else np.full_like(reach, m)
        self._mirrored: NDArray[np.bool_] = P < 0
        # P^2 - 4 Q as a product, since roots that nearly agree depend on its digits.
        if nesterov:
            discriminant = left * ((1.0 - m) ** 2 - (1.0 + m) ** 2 * reach)
        else:
            root = np.sqrt(m)
            low, high = ((1.0 - m) / (1.0 + root)) ** 2, (1.0 + root) ** 2
            discriminant = (reach - low) * (reach - high)
        # Both roots are positive: p_t falls monotonically.
        self.falls: NDArray[np.bool_] = (discriminant >= 0) & (P >= 0) & (Q >= 0)
        # 1 - |P| + Q without cancellation: reach, or its distance from the stable limit.
        limit = 2.0 + 2.0 * m
        rest = limit - (1.0 + 2.0 * m) * reach if nesterov else limit - reach
        gap = np.where(self._mirrored, rest, reach)
        size, distance = np.abs(P), np.sqrt(discriminant.astype(complex))
        # 2 - |P| + distance has no digits for a large |P|, and 1 - z1 no cancellation.
        large = size > 4.0
        u = np.where(large, 1.0 - 0.5 * (size + distance), 1.0)
        u = np.where(large, u, 2.0 * gap / np.where(large, 1.0, 2.0 - size + distance))
        z1 = 1.0 - u
        self._z1: Complex = np.where(np.abs(z1) < SMALLEST_ROOT, SMALLEST_ROOT, z1)
        self._log1: Complex = np.where(np.abs(u) < 0.5, _log1p(-u), np.log(self._z1))
        self._z2: Complex = Q / self._z1
        self._one_less_ratio: Complex = distance / self._z1
        self._log_ratio: Complex = _log1p(-self._one_less_ratio)
        self._make_consistent(Q, discriminant)
        self.log_rate: Floats = self._log1.real
        self.diverges: NDArray[np.bool_] = self.log_rate > 0
        # z1 - p_1 = m - z2, without cancellation for slow directions.
        slow = m * (reach - u if nesterov else -u) / self._z1
        fast = np.where(self._mirrored, m + self._z2, m - self._z2)
        self._first_gap: Complex = np.where(self._mirrored | (np.abs(u) > 0.5), fast, slow)

    def _make_consistent(self, Q: Floats, discriminant: Floats) -> None:
        """Derive the logarithm of the ratio from z1 and Q where mirrored roots nearly agree.

        S_t is symmetric in the roots, so an error of their distance enters it squared if their
        product is Q to rounding. The distance from the far double root has few digits.
        """
        near = self._mirrored & (Q > 0) & (np.abs(self._one_less_ratio) < 0.5)
        log_product = np.log(np.where(near, Q, 1.0))
        size = np.where(near & (discriminant < 0), 0.5 * log_product, self._log1.real)
        size = np.where(near, np.maximum(size, 0.5 * log_product), size)
        self._log1 = size + 1j * self._log1.imag
        self._log_ratio = np.where(near, log_product - 2.0 * self._log1, self._log_ratio)
        self._one_less_ratio = np.where(near, -np.expm1(self._log_ratio), self._one_less_ratio)

    def residual_factor(self, t: ArrayLike) -> Floats:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            later, now = self._sequence(t, 1), self._sequence(t, 0)
            p = later + np.where(self._mirrored, self._m, -self._m) * now
        return np.where(self._mirrored & is_odd(t), -p, p)

    def squared(self, t: ArrayLike) -> Floats:
        with np.errstate(over="ignore"):
            return self.residual_factor(t) ** 2

    def filter_factor(self, t: ArrayLike) -> Floats:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            gone = -np.expm1(_held(as_column(t) * self._log1)).real
            gone = gone + self._first_gap.real * self._sequence(t, 0)
        return np.where(self._mirrored, 1.0 - self.residual_factor(t), gone)

    def envelope(self, t: ArrayLike) -> Floats:
        """|p_t| <= |z1|^t (1 + g min(t, 2 / |1 - z2/z1|)), taken at its peak when that is later."""
        rate = np.minimum(self._log1.real, 0.0)
        gain = np.abs(self._first_gap / self._z1)
        most = 2.0 / np.maximum(np.abs(self._one_less_ratio), SMALLEST_ROOT)
        with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
            peak = -1.0 / rate - 1.0 / gain
            t = np.maximum(as_column(t), np.where(np.isfinite(peak), np.minimum(peak, most), 0.0))
            return np.asarray(np.exp(t * rate) * (1.0 + gain * np.minimum(t, most)))

    def sensitivity(self, t: ArrayLike) -> Floats:
        """1 - |p_t|, the order of the derivative that steady decay has, in its place."""
        return np.asarray(np.abs(1.0 - np.abs(self.residual_factor(t))))

    def _sequence(self, t: ArrayLike, later: int) -> Floats:
        """S_{t + later}: z1^(s - 1) (1 - ratio^s) / (1 - ratio), s when the roots agree."""
        s = as_column(t) + later
        equal = self._log_ratio == 0
        one = np.where(equal, 1.0, np.expm1(self._log_ratio))
        # S_0 = 0 and S_1 = 1 exactly, so that the start is the start to the bit.
        ratio = np.where(equal | (s <= 1), s, np.expm1(_held(s * self._log_ratio)) / one)
        return np.asarray((np.exp(_held((s - 1.0) * self._log1)) * ratio).real)


def _log1p(x: Complex) -> Complex:
    """Return log(1 + x) with the digits of x when x is small; held where 1 + x is zero."""
    square = np.maximum(2.0 * x.real + x.real**2 + x.imag**2, SMALLEST_ROOT - 1.0)
    exact = np.maximum((1.0 + x.real) ** 2 + x.imag**2, SMALLEST_ROOT**2)
    real = np.where(square < -0.5, np.log(exact), np.log1p(np.maximum(square, -0.5)))
    return np.asarray(0.5 * real + 1j * np.arctan2(x.imag, 1.0 + x.real))


def _held(exponent: Complex) -> Complex:
    return np.asarray(np.minimum(exponent.real, LARGEST_EXPONENT) + 1j * exponent.imag)


def as_column(t: ArrayLike) -> Floats:
    """Return t as floats, with an axis for the directions."""
    return np.asarray(t, dtype=float)[..., np.newaxis]


def is_odd(t: ArrayLike) -> NDArray[np.bool_]:
    """Return the parity of t, taken before t becomes a float, which forgets it beyond 2**53."""
    return np.asarray(np.asarray(t) % 2 != 0, dtype=bool)[..., np.newaxis]


def clip_overflow(factors: Floats) -> Floats:
    """Return factors within LARGEST_FACTOR."""
    return np.minimum(np.maximum(factors, -LARGEST_FACTOR), LARGEST_FACTOR)
