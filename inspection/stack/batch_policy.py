"""The smallest IAM policy for running batches with an inspection that is deployed."""

from customlabels.aws import parameters
from customlabels.aws.stacks.names import stack_name
from customlabels.aws.stacks.scope import Policy, Scope
from customlabels.aws.stacks.statements import (
    EVERYTHING,
    allow,
    bucket,
    find_project,
    key,
    objects,
    of_rekognition,
    parameter,
    policy,
)
from customlabels.core.addresses import bucket_and_key
from customlabels.inspection.stack.template import names_of
from customlabels.pipelines.service.guard import PREFIX, role_name


def batch(scope: Scope) -> Policy:
    """What `customlabels batch run`, `status`, `stop`, `redrive` and `results` need."""
    site, names, schedule = scope.site, names_of(scope.project), stack_name(scope.project)
    stacks = [site.arn("cloudformation", f"stack/{stack}/*") for stack in (schedule, names.stack)]
    folder = "/".join(filter(None, (scope.prefix.strip("/"), scope.project, "batches")))
    machine, role = (
        site.arn("states", f"stateMachine:{names.machine}"),
        site.arn("iam", f"role/{role_name(scope.project)}", regional=False),
    )
    # Whoever changes a schedule passes its role anew; CloudFormation shortens the stack's name in it.
    of_schedules = site.arn("iam", f"role/{schedule[:24]}*", regional=False)
    runs = [site.arn("states", f"{kind}:{names.machine}{end}") for kind, end in (("execution", ":*"), ("mapRun", "/*"))]
    on_runs = (
        "DescribeExecution",
        "DescribeMapRun",
        "ListMapRuns",
        "RedriveExecution",
        "StopExecution",
    )
    passed = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    own = parameter(site, f"{parameters.ROOT}/{scope.project}/*")
    guards = [f"scheduler:{call}" for call in ("CreateSchedule", "DeleteSchedule", "UpdateSchedule")]
    held = [site.arn("scheduler", f"schedule/{schedule}/*")]
    folders = filter(None, (scope.watched, scope.images, *scope.archives))
    sources = [bucket_and_key(folder) for folder in folders]
    return policy(
        [
            allow(of_rekognition("DescribeProjectVersions"), [scope.own], sid="Project"),
            find_project("FindProject"),
            allow(["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"], [own], sid="Parameters"),
            allow(["cloudformation:DescribeStacks"], stacks, sid="Stacks"),
            allow(
                ["s3:ListBucket"],
                [scope.bucket_arn, *([bucket(site, name) for name, _ in sources] or [EVERYTHING])],
                sid="Listing",
            ),
            allow(
                ["s3:GetObject"],
                [objects(site, name, prefix) for name, prefix in sources] or [EVERYTHING],
                sid="Images",
            ),
            allow(["s3:GetObject", "s3:PutObject"], [objects(site, scope.bucket, folder)], sid="Batches"),
            allow(
                ["dynamodb:BatchGetItem", "dynamodb:DescribeTable"],
                [site.arn("dynamodb", f"table/{names.table}")],
                sid="Results",
            ),
            allow(["states:ListExecutions", "states:StartExecution"], [machine], sid="Machine"),
            allow([f"states:{call}" for call in on_runs], runs, sid="Runs"),
            allow(["lambda:InvokeFunction"], [site.arn("lambda", f"function:{schedule}-*")], sid="Look"),
            allow(["scheduler:ListSchedules"], [EVERYTHING], sid="Schedules"),
            allow(["scheduler:GetSchedule", "scheduler:UpdateSchedule"], held, sid="Stops"),
            allow(guards, [site.arn("scheduler", f"schedule/default/{PREFIX}-*")], sid="Guard"),
            allow(["iam:CreateRole", "iam:GetRole", "iam:PutRolePolicy"], [role], sid="GuardRole"),
            allow(["iam:PassRole"], [role, of_schedules], sid="PassGuardRole", condition=passed),
            *key(site, scope.kms_key, writes=True, sid="Key"),
        ]
    )
