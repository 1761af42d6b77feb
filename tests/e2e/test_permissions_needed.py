"""No policy that is printed has a statement that its use does not need."""

import itertools
import re
from dataclasses import replace

import pytest
from support.people import Person
from support.permission_uses import USES, complaint, is_of_stack, statements

NOT_TRIED = {("doctor", "Quotas"), ("promote", "Bucket"), ("inspection-results", "Figures")}
"""Statements for what the local service does not offer, for telling a file that is gone from one that may not be
read, where none is gone, and for figures of days on which nothing arrived."""

WHOLE = {"judge", "judge again"}
"""Uses of policies that are for more than what is done here."""

NOBODY_WAITS = {"batch"}
"""Uses whose commands leave at once, since nobody moves the clock on until a model is up."""


@pytest.mark.around
@pytest.mark.parametrize("name", [name for name in USES if name not in WHOLE])
def test_no_statement_can_be_left_out(person: Person, name: str) -> None:
    use = USES[name]
    # Whoever waits looks at executions; with a statement less it never comes to the end.
    if name not in NOBODY_WAITS:
        use = replace(use, commands=tuple(command.replace(" --no-wait", "") for command in use.commands))
    idle = []
    for number in itertools.count():
        project = f"less-{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{number}"
        whole = statements(use, project)
        if number == len(whole):
            break
        if is_of_stack(whole[number]) or (name, whole[number].get("Sid")) in NOT_TRIED:
            continue
        if complaint(person, use, project, whole[:number] + whole[number + 1 :]) == "":
            idle.append(whole[number])
    assert idle == []
