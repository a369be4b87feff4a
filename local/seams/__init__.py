"""Every attribute of moto that is replaced, one module each, undone when the stack stops.

moto is pinned exactly, because these are its private parts; ``tests/contract/local`` has a test per seam.
"""

from __future__ import annotations

from typing import Any


class Patches:
    """Attributes replaced on other people's objects, restored in reverse order."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Set ``owner.name`` to ``value``. AttributeError when it does not exist: moto has changed."""
        original = owner.__dict__[name] if name in vars(owner) else getattr(owner, name)
        self._undo.append((owner, name, original))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            owner, name, original = self._undo.pop()
            setattr(owner, name, original)
