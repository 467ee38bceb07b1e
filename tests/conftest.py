"""How many examples hypothesis tries."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

# The same examples in every run; the long profile is for a developer's own nights.
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=5000, deadline=None)
# A mutant needs one example that fails, not the smallest.
settings.register_profile(
    "mutation",
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
