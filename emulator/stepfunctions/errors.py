"""How a state fails, and how an execution ends before it is done."""


class StateError(Exception):
    """A state failed: `name` is what Retry and Catch match, `cause` the words for people.

    Source: Step Functions developer guide, "Handling errors in Step Functions workflows".
    """

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


class Halted(Exception):
    """What runs is to end where it is: the execution was stopped, or a branch beside it failed."""


class OutOfTime(Exception):
    """The time of the whole execution is over."""
