"""Tokens that steps of pipelines wait for: a request names its execution by one of them alone."""

_EXECUTIONS: dict[str, str] = {}


def note_token(token: str, execution: str) -> None:
    """Has a token stand for a step of an execution, by the execution's ARN."""
    _EXECUTIONS[token] = execution


def execution_of(token: str) -> str | None:
    """The ARN of the execution whose step waits, or has waited, for a token; None for a token that nobody gave."""
    return _EXECUTIONS.get(token)
