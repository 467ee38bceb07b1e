"""The colours and dashes of all pictures."""

from typing import Any

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/) with Paul Tol's vibrant red. Green and
# red are told apart by colour-blind readers, one being bluish and light, and by dashes besides.
GREEN = "#009E73"
RED = "#CC3311"
BLUE = "#0072B2"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#6B6B6B"
PALE = "#B8B8B8"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, "#000000", "#A6761D")
# Lines of one picture differ by dashes too.
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
