"""What is said of a champion whose version is not the one any more that was promoted. Pure: standard library alone."""

from collections.abc import Mapping


def replaced_sentence(version: str) -> str:
    return (
        f"champion {version} was deleted, and another version was trained under its name: "
        f"customlabels versions promote {version} makes that the champion"
    )


def lost_sentence(version: str, arn: str, arns: Mapping[str, str]) -> str | None:
    """A sentence where the champion is deleted, or its name is another version's; None where it is there.

    Parameters
    ----------
    arn : of the version that was promoted; empty where that is not known
    arns : of the project's versions, by name
    """
    if version not in arns:
        return f"champion {version} was deleted: customlabels versions promote VERSION makes another"
    return replaced_sentence(version) if arn and arns[version] != arn else None
