"""What identity policies let a caller do: statements matched, a denial before everything else.

Source: IAM user guide, "Policy evaluation logic", "IAM JSON policy elements". Conditions are checked on the keys that
can be told here; one on any other key does not hold, as where AWS has no value for it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

Statement = Mapping[str, Any]

ALLOWED, DENIED, NOT_ALLOWED = "allowed", "explicitDeny", "implicitDeny"


def decision(statements: Iterable[Statement], action: str, resource: str, context: Mapping[str, str]) -> str:
    """Whether statements let an action on a resource pass: ALLOWED, DENIED or NOT_ALLOWED.

    Parameters
    ----------
    action : such as s3:GetObject
    resource : an ARN, or * for an action that has none
    context : condition keys, in small letters, with their values
    """
    effects = {
        statement["Effect"]
        for statement in statements
        if _names(statement, "Action", action, ignoring_case=True)
        and _names(statement, "Resource", resource)
        and _holds(statement.get("Condition", {}), context)
    }
    return DENIED if "Deny" in effects else ALLOWED if "Allow" in effects else NOT_ALLOWED


def statements_of(document: Mapping[str, Any]) -> list[Statement]:
    """The statements of a policy's document."""
    return _listed(document.get("Statement", []))


def _names(statement: Statement, element: str, value: str, *, ignoring_case: bool = False) -> bool:
    """Whether an element of a statement, or the one that leaves out, takes a value."""
    if element in statement:
        return any(_matches(pattern, value, ignoring_case) for pattern in _listed(statement[element]))
    left_out = _listed(statement.get(f"Not{element}", ["*"]))
    return not any(_matches(pattern, value, ignoring_case) for pattern in left_out)


def _matches(pattern: str, value: str, ignoring_case: bool) -> bool:
    if ignoring_case:
        pattern, value = pattern.lower(), value.lower()
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in pattern), re.DOTALL)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


_CHECKS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda value, wanted: value == wanted,
    "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": lambda value, wanted: _matches(wanted, value, False),
    "arnequals": lambda value, wanted: _matches(wanted, value, False),
    "arnlike": lambda value, wanted: _matches(wanted, value, False),
    "bool": lambda value, wanted: value.lower() == str(wanted).lower(),
    "numericequals": lambda value, wanted: float(value) == float(wanted),
    "numericlessthanequals": lambda value, wanted: float(value) <= float(wanted),
    "numericlessthan": lambda value, wanted: float(value) < float(wanted),
    "numericgreaterthan": lambda value, wanted: float(value) > float(wanted),
    "numericgreaterthanequals": lambda value, wanted: float(value) >= float(wanted),
}
_NEGATED = re.compile(r"(string|arn|numeric)not(.+)")


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    return all(
        _condition_holds(operator.lower(), key.lower(), [str(value) for value in _listed(values)], context)
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def _condition_holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    over_set, _, operator = operator.rpartition(":")
    operator, if_exists = operator.removesuffix("ifexists"), operator.endswith("ifexists")
    if operator == "null":
        return (key not in context) == (wanted[0].lower() == "true")
    negated = _NEGATED.fullmatch(operator)
    check = _CHECKS.get(negated[1] + negated[2] if negated else operator)
    if key not in context:
        return if_exists or negated is not None or over_set == "forallvalues"
    if check is None:
        return False
    values = context[key].split("\0") if over_set else [context[key]]
    met = [any(check(value, one) for one in wanted) != (negated is not None) for value in values]
    return all(met) if over_set == "forallvalues" else any(met)
