"""What drifts, in a few words. Pure: standard library alone."""

from customlabels.inspection.drift import Signal

NAMES = {
    "confidence": "confidence",
    "sureness": "confidence above the threshold",
    "share": "share",
    "refused": "refused images",
    "bytes": "bytes",
    "brightness": "brightness",
    "sharpness": "sharpness",
}
"""What the kinds of signals are called."""

_SHARES = {"share", "refused"}


def in_words(signal: Signal) -> str:
    """What of an image, and how it was and is."""
    name = f"{NAMES[signal.kind]} of {signal.label}" if signal.label else NAMES[signal.kind]
    return f"{name}: {value_of(signal, signal.before)} → {value_of(signal, signal.now)}"


def value_of(signal: Signal, value: float) -> str:
    """A mean or a share as a person reads it."""
    if signal.kind in _SHARES:
        return f"{100 * value:.1f} %"
    if signal.kind == "bytes":
        return f"{value / 1000:,.0f} KB" if value >= 10_000 else f"{value:,.0f} bytes"
    return f"{value:.2f}" if signal.kind == "sharpness" else f"{value:.1f}"
