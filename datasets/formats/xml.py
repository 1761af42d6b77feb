"""XML from outside: parsed by defusedxml, which refuses entities and what they can be made to do."""

import math
from xml.etree.ElementTree import Element, ParseError


def parse(data: bytes) -> Element:
    """The root of a document.

    Raises
    ------
    ValueError : no XML, or such that declares entities
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data, forbid_dtd=False)
    except DefusedXmlException as error:
        raise ValueError("declares XML entities, which are not taken from outside") from error
    except (ParseError, LookupError, ValueError, RecursionError) as error:
        raise ValueError(f"no XML: {error}") from error
    return root


def number(text: str | None) -> float:
    """A finite number.

    Raises
    ------
    ValueError
    """
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{(text or '').strip()!r} is no number" if text else "a coordinate is missing")
    return value
