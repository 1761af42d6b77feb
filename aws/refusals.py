"""What the refusals of AWS mean to a person.

Light, since Lambda functions carry it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

from customlabels.core.errors import UNREACHED, ServiceError, SettingsError

_HINTS = {
    "NoSuchBucket": "create the bucket, or name another with --bucket or in customlabels.toml",
    "AccessDenied": "the credentials in use lack a permission on this bucket or call",
    "AccessDeniedException": "the credentials in use lack a permission for this call",
    "ExpiredToken": "log in again (aws sso login), then run the same command again",
    "ExpiredTokenException": "log in again (aws sso login), then run the same command again",
    "InvalidObjectState": "the object is archived: restore it, then run the same command again, or leave it out",
    "LimitExceededException": "a quota of the account is reached: two trainings, two running models",
    **dict.fromkeys(
        ("RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch"),
        "this machine's clock may be wrong: set it by a time server; or the secret key is not that of the access key. "
        "customlabels doctor compares the clocks",
    ),
    **dict.fromkeys(
        ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidToken", "AuthFailure"),
        "AWS does not know these credentials: log in again (aws sso login), name another --profile, or see whether a "
        "stale AWS_ACCESS_KEY_ID or AWS_SESSION_TOKEN stands in the environment",
    ),
}

_NOT_SIGNED_IN = {
    *("AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException"),
    *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidSignatureException"),
}

_AGAIN = "run the same command again; what answers may be no service of AWS"

_CONFIGURATION_HINT = (
    "see ~/.aws/config, ~/.aws/credentials and the AWS_… variables (aws configure list shows what is used), or name "
    "another --profile"
)


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turns what botocore raises in the block, or an answer lacks, into a ServiceError that starts with `doing`."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConfigNotFound,
        ConfigParseError,
        CredentialRetrievalError,
        InfiniteLoopConfigError,
        InvalidConfigError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
        UnknownCredentialError,
    )

    configured = (ConfigNotFound, ConfigParseError, CredentialRetrievalError, InfiniteLoopConfigError)
    try:
        yield
    except ClientError as error:
        refusal = error.response.get("Error", {})
        code, text = refusal.get("Code", ""), refusal.get("Message", "") or "no message"
        raise ServiceError(f"{doing}: {code}: {text}", hint=_HINTS.get(code), code=code) from error
    except NoCredentialsError as error:
        raise ServiceError(
            f"{doing}: no AWS credentials found", hint="aws configure, or use --local to work without an account"
        ) from error
    except (*configured, InvalidConfigError, PartialCredentialsError, ProfileNotFound, UnknownCredentialError) as error:
        raise unusable(error) from error
    except KeyError as error:
        # Of an answer: whatever else is looked up has its own way to say so.
        raise ServiceError(f"{doing}: the answer is not whole, {error} is not in it", hint=_AGAIN) from error
    except BotoCoreError as error:
        hint = "see to the connection, or log in again (aws sso login); then run the same command again"
        raise ServiceError(f"{doing}: {error}", hint=hint, code=UNREACHED) from error


def is_out_of_reach(error: ServiceError) -> bool:
    """Whether it is not the account that answers so, but that it could not be asked: nobody is signed in, or may."""
    from botocore.exceptions import BotoCoreError

    return isinstance(error.__cause__, BotoCoreError) or error.code in _NOT_SIGNED_IN


def unusable(error: Exception) -> SettingsError:
    """What is wrong with the user's own AWS configuration."""
    text = str(error).rstrip(": ")
    if isinstance(error, JSONDecodeError):
        text = f"its credential_process printed no JSON: {text}"
    return SettingsError(f"the AWS configuration cannot be used: {text}", hint=_CONFIGURATION_HINT)
