"""What cfn-lint says of a template."""


def complaints(text: str) -> list[str]:
    """Its errors and warnings."""
    # It takes as long to import as all other modules of the tests together.
    from cfnlint.api import lint_all

    return [str(match) for match in lint_all(text) if not match.rule.id.startswith("I")]
