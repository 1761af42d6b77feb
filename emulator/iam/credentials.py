"""Access keys that the local service issued: to users by IAM, to sessions of roles by STS.

Source of moto's names: moto.iam.models, moto.sts.models.
"""

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from customlabels.emulator.server.clients import role_key


def issued(access_key: str) -> bool:
    """Whether an access key is one of a user's or of a role's session."""
    return user_of(access_key) is not None or role_of(access_key) is not None


def user_of(access_key: str) -> str | None:
    """The name of the user whose access key it is; None where it is nobody's."""
    backend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    keys = backend.access_keys
    return str(keys[access_key].user_name) if access_key in keys else None


def role_of(access_key: str) -> str | None:
    """The ARN of the role whose session's access key it is; None where it is none's."""
    for backend in list(sts_backends[DEFAULT_ACCOUNT_ID].values()):
        session = backend.get_assumed_role_from_access_key(access_key)
        if session is not None:
            return str(session.role_arn)
    roles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].roles.values()
    return next((str(role.arn) for role in list(roles) if role_key(role.arn) == access_key), None)
