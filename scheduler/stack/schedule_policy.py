"""The smallest IAM policy for deploying a schedule, and for what is done with one."""

from importlib import resources

from customlabels.aws import parameters
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.permissions import deploy_statements, resource_types
from customlabels.aws.stacks.scope import Policy, Scope, stack_code
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    allow,
    find_project,
    of_rekognition,
    parameter,
    policy,
    versions,
)


def schedule(scope: Scope) -> Policy:
    """What `customlabels schedule deploy`, `diff`, `override` and `remove` need."""
    stack, site = stack_name(scope.project), scope.site
    own = parameter(site, f"{parameters.ROOT}/{scope.project}/*")
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions"), [scope.own], sid="Project"),
            allow(of_rekognition("StopProjectVersion"), [versions(site, scope.project)], sid="Stop"),
            find_project("FindProject"),
            allow(["ssm:DeleteParameters", "ssm:GetParameter", "ssm:PutParameter"], [own], sid="Parameters"),
            allow(["scheduler:ListSchedules"], [EVERYTHING], sid="Schedules"),
            allow(["lambda:InvokeFunction"], [site.arn("lambda", f"function:{stack}-*")], sid="Look"),
            *stack_code(scope, "functions"),
            *deploy_statements(site, stack, resource_types(_source())),
        ]
    )


def _source() -> str:
    """What the template is rendered from, with every resource that it may have."""
    templates = resources.files("customlabels.scheduler.stack") / "templates"
    return (templates / "stack.yaml.j2").read_text(encoding="utf-8")
