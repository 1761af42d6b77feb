"""boto3 clients of this very service; over HTTP, or never leaving the process: a WSGI application answers them."""

import hashlib
import hmac
import io
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from werkzeug.test import EnvironBuilder

from customlabels.emulator.server.http import Environ, StartResponse

Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def local_client(service: str, region: str, endpoint_url: str) -> Any:
    """A boto3 client for what the service does in its users' name; it asks once."""
    import boto3
    from botocore.config import Config

    session: Any = boto3
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return session.client(service, region_name=region, endpoint_url=endpoint_url, config=config)


_LONGEST_FUNCTION = 905.0
"""Seconds."""


def role_client(role: str, service: str, region: str, endpoint_url: str) -> Any:
    """A boto3 client for what the service does in a role's name; it asks once, and waits as long as functions run."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        read_timeout=_LONGEST_FUNCTION,
        max_pool_connections=64,
    )
    keys = credentials(role)
    session: Any = boto3.session.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=region)
    return session.client(service, endpoint_url=endpoint_url, config=config)


ROLES = "CUSTOMLABELS_ROLES"
"""Set in the service's process where functions and jobs run with their roles' permissions."""


def credentials(role: str) -> dict[str, str]:
    """The variables by which a process of the service's own reaches it, as that role where permissions are enforced."""
    own = {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    return {**own, "AWS_ACCESS_KEY_ID": role_key(role)} if ROLES in os.environ else own


def role_key(role: str) -> str:
    """The access key of the sessions of a role, by its ARN; only who has the state's key can make it."""
    made = hmac.new(os.environ["AWS_ACCESS_KEY_ID"].encode(), role.encode(), hashlib.sha256)
    return "LOCALROLE" + made.hexdigest()[:32].upper()


class _Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.getvalue()


class Caller:
    """Calls operations of services by their names in the API."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._clients: dict[tuple[str, str], Any] = {}
        self.endpoint_url = "http://127.0.0.1"
        """Where others reach the service; it stands in what some operations answer."""

    def __call__(self, region: str, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The operation's answer; values are brought to the types that its members have ("60" to 60).

        Raises
        ------
        botocore.exceptions.ClientError : it is refused
        botocore.exceptions.ParamValidationError : there is no such member
        """
        from botocore import xform_name

        client = self._client(region, service)
        shape = client.meta.service_model.operation_model(operation).input_shape
        answer: dict[str, Any] = getattr(client, xform_name(operation))(**_fitted(shape, parameters))
        return answer

    def _client(self, region: str, service: str) -> Any:
        if (region, service) not in self._clients:
            client = local_client(service, region, self.endpoint_url)
            client.meta.events.register("before-send", self._answer)
            self._clients[region, service] = client
        return self._clients[region, service]

    def _answer(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse, HeadersDict

        url = urlsplit(request.url)
        headers = {
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        }
        environ = EnvironBuilder(
            path=unquote(url.path),
            base_url=f"{url.scheme}://{url.netloc}",
            query_string=url.query,
            method=request.method,
            data=request.body or b"",
            headers=list(headers.items()),
        ).get_environ()
        head: list[Any] = []
        body = b"".join(self._application(environ, lambda *line: head.extend(line)))
        answered: Any = HeadersDict(dict(head[1]))
        return AWSResponse(request.url, int(head[0].partition(" ")[0]), answered, _Raw(body))


def _fitted(shape: Any, value: Any) -> Any:
    """`value` with the types of its shape; what does not fit is left for the check of the parameters to refuse."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {
            name: _fitted(shape.members[name], part) if name in shape.members else part for name, part in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [_fitted(shape.member, part) for part in value]
    if kind == "map" and isinstance(value, dict):
        return {str(name): _fitted(shape.value, part) for name, part in value.items()}
    if kind in ("integer", "long", "float", "double") and isinstance(value, str):
        try:
            return int(value) if kind in ("integer", "long") else float(value)
        except ValueError:
            return value
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    if kind == "string" and isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
