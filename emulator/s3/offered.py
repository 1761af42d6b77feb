"""What of S3 is offered: moto takes a subresource that it does not know for the bucket or the object itself.

So a configuration of metrics that is deleted would delete the bucket. Source of moto's names: moto.s3.responses
(S3Response); of S3's: botocore's model.
"""

from functools import cache
from urllib.parse import parse_qs

from customlabels.emulator.server.http import Environ, bucket_and_key
from customlabels.emulator.server.protocol import service_model

_BUCKET = {"cors", "encryption", "lifecycle", "ownershipControls", "policy", "publicAccessBlock", "replication"}
_BUCKET |= {"tagging", "website"}
_PUT = _BUCKET | {"accelerate", "acl", "inventory", "logging", "notification", "object-lock", "versioning"}

_OFFERED: dict[tuple[bool, str], set[str]] = {
    (False, "GET"): _PUT | {"location", "policyStatus", "uploads", "versions"},
    (False, "PUT"): _PUT,
    (False, "DELETE"): _BUCKET,
    (False, "POST"): {"delete"},
    (True, "GET"): {"acl", "attributes", "legal-hold", "tagging"},
    (True, "PUT"): {"acl", "legal-hold", "retention", "tagging"},
    (True, "DELETE"): {"tagging"},
    (True, "POST"): {"restore", "select", "uploads"},
}
"""Subresources by whether they are an object's, and by method."""


def not_offered(environ: Environ) -> str | None:
    """The subresource that a request is about and that is not offered; None without one."""
    query = environ.get("QUERY_STRING", "")
    if not query:
        return None
    offered = _OFFERED.get((bool(bucket_and_key(environ)[1]), environ["REQUEST_METHOD"]), set())
    asked = parse_qs(query, keep_blank_values=True).keys() & subresources()
    return next(iter(sorted(asked)), None) if asked - offered else None


@cache
def subresources() -> frozenset[str]:
    """Names that stand alone in a query, and so are part of an operation's address."""
    model = service_model("s3")
    queries = [model.operation_model(name).http["requestUri"].partition("?")[2] for name in model.operation_names]
    return frozenset(word for query in queries for word in query.split("&") if word and "=" not in word)
