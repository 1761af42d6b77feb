"""What AWS's documents leave open, what a probe would tell of it, and what follows from each answer.

docs/explanation/what-is-not-proved.md has the same list for people to read.
"""

from dataclasses import dataclass

from customlabels.pipelines.readiness.findings import Finding, Standing

SUBJECT = "open questions"


@dataclass(frozen=True, slots=True)
class Question:
    """An open question.

    Parameters
    ----------
    option : that has it tried
    either_way : what holds, whichever the answer is
    """

    name: str
    asks: str
    option: str
    either_way: str


TAGS = Question(
    "tags on datasets",
    "may a dataset carry tags",
    "--probe",
    "where it may not, what a dataset holds is noted in an object beside its manifests",
)
LATE = Question(
    "late answers",
    "how long after a write does a Describe show the time before it",
    "--probe",
    "for two minutes after a write of one's own the old state is taken for not yet",
)
CREATE_PROJECT = Question(
    "CreateProject's resource",
    "does a policy that allows CreateProject on a project's ARN allow it",
    "--probe",
    "the printed policies allow it on *, in a statement of its own, which is right in both cases",
)
FRESH_ROLE = Question(
    "a role seconds old",
    "does EventBridge Scheduler take a role that was made seconds ago",
    "--probe",
    "a stack that is refused for this is deployed again with success; the guard tries for a minute",
)
TARGET = Question(
    "stopProjectVersion as a target",
    "does EventBridge Scheduler call StopProjectVersion itself",
    "--probe",
    "the last stop after closing time and the guard hang on it; the sweep every five minutes does not",
)
PACKAGES = Question(
    "model packages by SourceUri",
    "does SageMaker's registry take a version's ARN as a package's SourceUri",
    "--probe",
    "where it does not, track.sagemaker = false leaves the registry out; nothing else hangs on it",
)
METRICS = Question(
    "metrics and their period",
    "does CloudWatch have InServiceInferenceUnits minute by minute, and how soon",
    "--probe --paid",
    "where there is no datapoint, nothing is taken for idle or for free: the schedule counts by states that it saw",
)

QUESTIONS = (TAGS, LATE, CREATE_PROJECT, FRESH_ROLE, TARGET, PACKAGES, METRICS)


def untried(question: Question) -> Finding:
    """That it was not tried, how it is, and what holds meanwhile."""
    seen = f"{question.asks}? not tried"
    return Finding(
        SUBJECT,
        question.name,
        Standing.SKIPPED,
        seen,
        f"customlabels doctor {question.option} tries it; {question.either_way}",
    )


def answered(question: Question, seen: str, advice: str, state: Standing = Standing.OK) -> Finding:
    return Finding(SUBJECT, question.name, state, seen, advice)
