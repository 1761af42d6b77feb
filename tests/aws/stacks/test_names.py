import re

from hypothesis import given
from hypothesis import strategies as st

from customlabels.aws.stacks.names import stack_name

PROJECTS = st.from_regex(r"[a-zA-Z0-9_.\-]{1,255}", fullmatch=True)
"""Source: botocore's model of Rekognition, shape ProjectName."""


@given(
    PROJECTS | st.sampled_from(["surface-", "-", "x" * 60 + "-", "x" * 32 + "-" + "y" * 30]),
    st.sampled_from(["", "pipeline"]),
)
def test_every_project_gives_a_name_that_each_service_takes(project: str, kind: str) -> None:
    name = stack_name(project, kind)
    assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{0,51}", name)
    # Source: botocore's model of SageMaker, shapes PipelineName and EntityName.
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)


@given(PROJECTS, PROJECTS)
def test_two_projects_never_share_a_name(one: str, other: str) -> None:
    names = {stack_name(project, kind) for project in {one, other} for kind in ("", "pipeline")}
    assert len(names) == 2 * len({one, other})


def test_a_plain_name_stays_plain() -> None:
    assert stack_name("surface") == "customlabels-surface"
