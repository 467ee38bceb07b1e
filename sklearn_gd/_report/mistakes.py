"""Tables of well-known mistakes in a gradient descent and in its records."""

from dataclasses import dataclass

import numpy as np

from sklearn_gd._report.layout import Floats

TOGETHER, APART = (slice(None),), (slice(0, 1), slice(1, None))  # intercept and coefficients
# A column whose standard deviation is below this share of its root mean square is constant.
CONSTANT = 1e-7


@dataclass(frozen=True)
class Mistake:
    """What a mistake is, what to do about it, and how to make it."""

    what: str
    remedy: str
    factor: float = 1.0  # of the losses, or of the gradient
    blocks: tuple[slice, ...] = TOGETHER  # parameters that are updated together, block after block
    centred: bool = False  # the features have mean 0
    scaled: bool = False  # and variance 1

    def columns(self, hessian: Floats) -> Floats:
        """The matrix A of the features Z A that are descended on; the first row of H has means."""
        columns = np.eye(len(hessian))
        if self.centred:
            columns[0, 1:] = -hessian[0, 1:]
        if self.scaled:
            deviation = np.sqrt(np.maximum(np.diag(columns.T @ hessian @ columns), 0.0))
            constant = deviation <= CONSTANT * np.sqrt(np.diag(hessian))
            columns /= np.where(constant, 1.0, deviation)
        return columns


NONE = Mistake("", "")
START = Mistake("the start is another one", "Begin both with the same parameters")
SAME_FEATURES = "Give both the same features"
SUBTRACT, MEAN = "Subtract lr times the gradient", "Update it with the mean residual"
UPHILL = Mistake("the sign of the gradient is wrong: every update goes uphill", SUBTRACT, -1.0)
NOT_UPDATED = Mistake("the intercept is not updated", MEAN, blocks=APART[1:])
ONE_AFTER_THE_OTHER = tuple(
    Mistake(what, "Compute all partial derivatives before any parameter changes", blocks=blocks)
    for what, blocks in (
        ("the intercept is updated first, and the coefficients see the new one", APART),
        ("the coefficients are updated first, and the intercept sees the new ones", APART[::-1]),
    )
)
TRANSFORMED = tuple(
    Mistake(f"the features are {what} before the descent", SAME_FEATURES, centred=True, scaled=s)
    for what, s in (("standardised", True), ("centred", False))
)


def update_mistakes(intercept: bool, alpha: float) -> tuple[Mistake, ...]:
    """What may be wrong with an update apart from its rate, NONE included."""
    if not intercept:
        return (NONE, UPHILL)
    # With a penalty on the coefficients, those of scaled features are another problem.
    return (NONE, UPHILL, NOT_UPDATED, *ONE_AFTER_THE_OTHER, *(() if alpha else TRANSFORMED))


def loss_conventions(weight: float) -> tuple[Mistake, ...]:
    """The losses are J times 1, 2, the number of rows `weight`, or both."""
    halve, divide = "Halve the losses", "Divide the losses by the number of rows"
    sums = "the losses are plain sums of squares, with neither 1/2 nor 1/m"
    return (
        NONE,
        Mistake("the losses are without the 1/2 of J", halve, 2.0),
        Mistake("the losses are sums over the rows instead of means", divide, weight),
        Mistake(sums, f"{divide} and halve them", 2 * weight),
    )


def gradient_conventions(weight: float, lr: float) -> tuple[Mistake, ...]:
    """The gradient is that of one of these losses, which amounts to another rate."""
    divide = "Divide the gradient by the number of rows"
    conventions = (
        ("has the factor 2/m instead of 1/m", "Leave out the 2", 2.0),
        ("is summed over the rows instead of averaged", divide, weight),
        ("is a sum over the rows with the factor 2", f"{divide} and leave out the 2", 2 * weight),
    )
    same = "(the same as lr = {:.6g} instead of {:.6g})"
    return NONE, *(
        Mistake(f"the gradient {what} {same.format(factor * lr, lr)}", remedy, factor)
        for what, remedy, factor in conventions
    )


def late(*names: str) -> Mistake:
    """The histories of these names were not recorded before the first update."""
    what = f"the {' and '.join(names)} begin after the first update, with t = 1"
    return Mistake(what, "Record the start, too, before the first update") if names else NONE
