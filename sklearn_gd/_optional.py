"""Libraries that some readers need: a name goes in, the module or a plain message comes out."""

from importlib import import_module
from typing import Any


def optional(module: str, purpose: str) -> Any:
    """The module; where its library is not installed, an error that says what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise ImportError(
            f"{purpose} needs {library}, which cannot be imported here: pip install {library}"
        ) from error
