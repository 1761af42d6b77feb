"""The alias of a registered model pointed at the champion over MLflow's REST interface, by the standard library alone.

For functions, whose zip holds no mlflow; the command uses mlflow's own client (`server.point`).
Source: MLflow REST API, "Search ModelVersions", "Set Registered Model Alias", "Delete Registered Model Alias".
"""

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from customlabels.core.errors import ServiceError, SettingsError
from customlabels.pipelines.following import Follower
from customlabels.pipelines.service.champion import Promotion

ALIAS = "champion"
ARN_TAG = "customlabels.version-arn"
_SECONDS = 10.0
_ROOT = "api/2.0/mlflow"


def rest_follower(uri: str) -> Follower:
    """Has the alias follow the champion on the server at `uri`; removes it where the version is not logged there.

    Raises
    ------
    SettingsError : `uri` is no address of a server, or holds a login, which no template may
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise SettingsError(f"track.uri: {parts.scheme}://{parts.hostname or ''} is no server that a function can call")

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = Request(  # noqa: S310 - http and https alone come this far
            f"{uri.rstrip('/')}/{_ROOT}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
                return json.loads(answer.read() or b"{}")
        except HTTPError as error:
            if error.code == 404:
                return {}
            raise ServiceError(f"the tracking server does not know of the champion: {error.code}") from None
        except (URLError, TimeoutError, ValueError) as error:
            raise ServiceError(f"the tracking server does not know of the champion: {error}") from None

    def follow(project: str, promotion: Promotion) -> None:
        wanted = urlencode({"filter": f"name = '{project}' and tags.`{ARN_TAG}` = '{promotion.arn}'"})
        logged = call("GET", f"model-versions/search?{wanted}").get("model_versions", [])
        if logged:
            version = min((model["version"] for model in logged), key=int)
            call("POST", "registered-models/alias", {"name": project, "alias": ALIAS, "version": version})
            return
        call("DELETE", f"registered-models/alias?{urlencode({'name': project, 'alias': ALIAS})}")
        raise ServiceError(
            f"version {promotion.version} is not logged on the tracking server: its model has no {ALIAS} now"
        )

    return follow
