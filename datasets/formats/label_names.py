"""Which of several attributes, columns or questions of a tool's file holds the label."""

from collections import Counter
from collections.abc import Iterable

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.formats.csv_names import LABEL_NAMES, plain_name
from customlabels.datasets.formats.csv_rules import parse_rule
from customlabels.datasets.layout import Options

_DEFAULTS = {"caption", "public_domain", "image_url"}
"""What VIA gives every file, filled in or not."""


def label_name(names: Iterable[str], options: Options, source: str, what: str) -> str | None:
    """The one that holds labels: as `--column label=NAME` says, the only one, or the one that is called so.

    Parameters
    ----------
    names : of all attributes that are filled in, as often as they are
    what : what the names are of, for messages: region attributes

    Raises
    ------
    LayoutError : it cannot be told; None where there are no names
    """
    counts = Counter(name for name in names if name not in _DEFAULTS)
    chosen = options.columns.get("label")
    if chosen is not None:
        if chosen not in counts:
            raise LayoutError(f"{source}: has no {what} {chosen!r}; there are {_listed(counts) or 'none'}")
        return chosen
    if len(counts) == 1:
        return next(iter(counts))
    called = [name for known in LABEL_NAMES for name in counts if plain_name(name) == known]
    if called:
        return called[0]
    if counts:
        raise LayoutError(
            f"{source}: it is not plain which {what} holds the label; there are {_listed(counts)}",
            hint="say which: --column label=NAME",
        )
    return None


def label_of_all(options: Options) -> str | None:
    """The label that `--label-rule LABEL` gives to everything; None where there is no such rule.

    Raises
    ------
    SettingsError : a rule has conditions, which are for columns of a CSV file
    """
    rules = [parse_rule(text) for text in options.label_rules]
    if len(rules) > 1 or any(rule.conditions for rule in rules):
        raise SettingsError("--label-rule with a condition is for columns of a CSV file", hint="--label-rule LABEL")
    return rules[0].label if rules else None


def others(names: Iterable[str], chosen: str | None) -> str:
    """Names that were filled in and not chosen, for a note; empty where there are none."""
    return _listed(name for name in dict.fromkeys(names) if name != chosen and name not in _DEFAULTS)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
