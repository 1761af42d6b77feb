"""Label Studio over its REST interface: projects, uploads, tasks, exports. A handful of calls by urllib.

Its SDK pins OpenCV, and is not needed for them. The token goes to the address that was named and nowhere else: no
redirect is followed, and no error repeats it. Importing is not idempotent there; `sending` sees to that.
Source: https://api.labelstud.io (1.23 community).
"""

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from xml.sax.saxutils import quoteattr

from customlabels.core.errors import ServiceError, SettingsError

TOKEN = "LABEL_STUDIO_TOKEN"  # noqa: S105 - the name of a variable
"""Environment variable with an access token, of either kind."""

_TIMEOUT = 120.0
_MOST = 1_000_000_000
"""Bytes of an answer."""

_PAGE = 500
_REASON = 300
"""Characters of what Label Studio says against a request."""

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Studio:
    """A Label Studio, and what opens it."""

    url: str
    authorization: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Project:
    """A project; `description` is what it is known again by."""

    number: int
    title: str
    description: str
    label_config: str


class _NoRedirects(HTTPRedirectHandler):
    """Whoever is redirected would take the token along."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = build_opener(_NoRedirects())


def connect(url: str) -> Studio:
    """The Label Studio at an address, with the token of the environment.

    Raises
    ------
    SettingsError : there is no token, or the address cannot be used
    ServiceError : the token is not taken
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise SettingsError(
            f"{parts.hostname or url!r} is no address of a Label Studio", hint="https://label-studio.example.com"
        )
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise SettingsError(f"{TOKEN} is not set", hint="export it: Account & Settings, Access Token, in Label Studio")
    if not re.fullmatch(r"[\w.\-]+", token, re.ASCII):
        raise SettingsError(f"{TOKEN} holds signs that no token has")
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    if token.count(".") != 2:
        return Studio(base, f"Token {token}")
    # A personal token opens nothing itself: it gives one that does, for some minutes.
    access = call(Studio(base, ""), "POST", "/api/token/refresh", {"refresh": token}).get("access")
    if not isinstance(access, str):
        raise ServiceError(f"{base} does not take the token in {TOKEN}")
    return Studio(base, f"Bearer {access}")


def is_open_line(url: str) -> bool:
    """Whether whoever is on the way to an address can read the token."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def call(studio: Studio, method: str, path: str, body: Any = None, *, file: tuple[str, bytes] | None = None) -> Any:
    """The answer to a request, as JSON has it; None where it is empty.

    Parameters
    ----------
    file : name and bytes of what is uploaded

    Raises
    ------
    ServiceError : it cannot be reached, or refuses
    """
    headers = {"Authorization": studio.authorization} if studio.authorization else {}
    data = None
    if file is not None:
        headers["Content-Type"], data = _form(*file)
    elif body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    request = Request(studio.url + path, data=data, headers=headers, method=method)  # noqa: S310 - http or https
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as answer:
            content = answer.read(_MOST + 1)
    except HTTPError as error:
        raise _refused(studio, method, path, error) from None
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise ServiceError(f"{studio.url} cannot be reached ({reason})", hint="the same command goes on") from None
    if len(content) > _MOST:
        raise ServiceError(f"{studio.url}{path}: answers more than {_MOST / 1e9:.0f} GB")
    if not content:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ServiceError(f"{studio.url}{path}: answers no JSON; is it a Label Studio?") from None


def projects(studio: Studio) -> Iterator[Project]:
    """All projects that the token's owner sees."""
    for page in _pages(studio, "/api/projects/", "results"):
        for given in page:
            yield _project(given)


def make_project(studio: Studio, title: str, description: str, config: str, *, hints: bool) -> Project:
    """A new project.

    Parameters
    ----------
    hints : whether predictions are shown
    """
    about = {"title": title, "description": description, "label_config": config, "show_collab_predictions": hints}
    return _project(call(studio, "POST", "/api/projects/", about))


def change_project(studio: Studio, project: Project, **changes: Any) -> None:
    """Gives a project another label config, or whatever else it has."""
    call(studio, "PATCH", f"/api/projects/{project.number}/", changes)


def tasks(studio: Studio, project: Project) -> Iterator[Mapping[str, Any]]:
    """The tasks of a project, without annotations: id, data, total_annotations, cancelled_annotations."""
    for page in _pages(studio, "/api/tasks/", "tasks", project=project.number):
        yield from page


def add_tasks(studio: Studio, project: Project, documents: Sequence[Mapping[str, Any]]) -> None:
    """Imports tasks, whether they are there or not."""
    call(studio, "POST", f"/api/projects/{project.number}/import", documents)


def delete_task(studio: Studio, number: int) -> None:
    """Deletes a task with all that was said of it."""
    call(studio, "DELETE", f"/api/tasks/{number}/")


def uploads(studio: Studio, project: Project) -> dict[str, str]:
    """Where the files that were uploaded to a project lie, by the names that they had."""
    files = call(studio, "GET", f"/api/projects/{project.number}/file-uploads?all=true") or []
    # Each has eight signs and a dash before its name.
    return {str(given["file"]).rpartition("/")[2][9:]: f"/data/{given['file']}" for given in files}


def upload(studio: Studio, project: Project, name: str, body: bytes) -> None:
    """Puts a file into a project, and makes no task of it."""
    call(studio, "POST", f"/api/projects/{project.number}/import?commit_to_project=false", file=(name, body))


def exported(studio: Studio, project: Project) -> Any:
    """The tasks on which something was said, cancelled or not, with all that was."""
    return call(studio, "GET", f"/api/projects/{project.number}/export?exportType=JSON") or []


def label_config(labels: Sequence[str], *, boxes: bool) -> str:
    """How people are asked: for labels of an image, several of them or none, or for boxes; a key a label."""
    tag, inner = ("RectangleLabels", "Label") if boxes else ("Choices", "Choice")
    name = "label" if boxes else "choice"
    keys = "1234567890"
    choices = "".join(
        f"<{inner} value={quoteattr(label)}" + (f' hotkey="{keys[number]}"' if number < len(keys) else "") + "/>"
        for number, label in enumerate(labels)
    )
    several = "" if boxes else ' choice="multiple"'
    return (
        '<View><Image name="image" value="$image" zoom="true" zoomControl="true"/>'
        f'<{tag} name="{name}" toName="image"{several}>{choices}</{tag}></View>'
    )


def _pages(studio: Studio, path: str, key: str, **query: int) -> Iterator[list[Any]]:
    number, count = 1, 0
    while True:
        words = urlencode({**query, "page": number, "page_size": _PAGE})
        answer = call(studio, "GET", f"{path}?{words}")
        page = list(answer[key])
        yield page
        count, number = count + len(page), number + 1
        if not page or count >= int(answer.get("count", answer.get("total", 0))):
            return


def _project(given: Mapping[str, Any]) -> Project:
    return Project(
        int(given["id"]), str(given["title"]), str(given.get("description") or ""), str(given.get("label_config") or "")
    )


def _form(name: str, body: bytes) -> tuple[str, bytes]:
    """Type and body of a form with one file; the boundary is in no file by chance."""
    boundary = secrets.token_hex(16)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    kind = "Content-Type: application/octet-stream\r\n\r\n"
    return f"multipart/form-data; boundary={boundary}", (
        head + kind
    ).encode() + body + f"\r\n--{boundary}--\r\n".encode()


def _refused(studio: Studio, method: str, path: str, error: HTTPError) -> ServiceError:
    """What Label Studio says against a request; never the token, whatever it repeats."""
    place = path.partition("?")[0]
    if 300 <= error.code < 400:
        return ServiceError(f"{studio.url} redirects elsewhere, where the token does not go", hint="name that address")
    if error.code in (401, 403):
        return ServiceError(f"{studio.url} does not take the token in {TOKEN} (HTTP {error.code}, {method} {place})")
    try:
        said = json.loads(error.read(100_000))
        detail = str(said.get("validation_errors") or said.get("detail") or said)
    except (ValueError, RecursionError, AttributeError, OSError):
        detail = str(error.reason)
    secret = studio.authorization.partition(" ")[2]
    detail = detail.replace(secret, "…") if secret else detail
    return ServiceError(f"{studio.url} refuses {method} {place}: HTTP {error.code}, {detail[:_REASON]}")
