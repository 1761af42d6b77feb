"""The JSON schema of customlabels.toml, by which editors complete and check it."""

from typing import Any

from customlabels.core.settings import Settings, explanations

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema, with what each key means."""
    from pydantic import TypeAdapter

    made: dict[str, Any] = TypeAdapter(Settings).json_schema()
    meanings = explanations()

    def describe(properties: dict[str, Any], above: str) -> None:
        for name, about in properties.items():
            key = f"{above}.{name}" if above else name
            if key in meanings:
                about["description"] = meanings[key][1]
            reference = about.get("$ref") or about.get("items", {}).get("$ref")
            if reference:
                describe(made["$defs"][reference.rpartition("/")[2]]["properties"], key)

    describe(made["properties"], "")
    return {"$schema": _DIALECT, **made, "title": "customlabels.toml"}
