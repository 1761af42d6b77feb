"""Nouns beside their number."""

_IRREGULAR = {"box": "boxes", "class": "classes", "entry": "entries"}


def counted(count: int, noun: str, *, many: str | None = None) -> str:
    """1 image, 2 images; `many` is the plural where no s makes it."""
    return f"{count} {noun}" if count == 1 else f"{count} {many or _IRREGULAR.get(noun, f'{noun}s')}"


def these(count: int, noun: str) -> str:
    """this change, these 2 changes."""
    return f"this {noun}" if count == 1 else f"these {counted(count, noun)}"
