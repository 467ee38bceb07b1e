"""The order of the examples in the gallery: from the lesson to its uses."""

LESSON = "diabetes first_line_to_last descent_in_motion parabola surface learning_rate divergence"
PRACTICE = "scaling momentum check_your_own held_out_curve early_stopping tuning_surface"
FURTHER = "penalty_or_early_stopping ridge_relation trillion_iterations flights larger_than_memory"
EXAMPLES = f"{LESSON} {PRACTICE} {FURTHER}".split()


def example_order(filename):
    """Return the place of an example; a new one without a place comes last."""
    name = filename.removesuffix(".py").removeprefix("plot_")
    return EXAMPLES.index(name) if name in EXAMPLES else len(EXAMPLES)
