"""HTML and SVG, made of templates that lie in a package's folder `templates`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


def template(package: str, name: str) -> "Template":
    """The template of that name; what it is filled with is escaped, hides nothing, and may not be missing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from customlabels.core.printable import printable

    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=lambda value: printable(value, kept="\n\t") if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
