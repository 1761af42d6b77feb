"""Templates of stacks as jinja2 renders them: YAML, whose values go through tojson."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def templates_of(package: str) -> "Environment":
    """The templates that lie in a package's folder `templates`; one that names what nobody gave is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML; each value goes through tojson
        keep_trailing_newline=True,
    )
    # tojson is made for HTML, and would write < and & as escapes.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    return environment
