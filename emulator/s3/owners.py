"""The bucket owner condition: a request says whose bucket it expects, and is refused where that is another's.

Source: S3 user guide, "Verifying bucket ownership with bucket owner condition".
"""

from moto.core.models import DEFAULT_ACCOUNT_ID

from customlabels.emulator.s3 import objects
from customlabels.emulator.server.http import Environ, bucket_and_key

_EXPECTED = ("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", "HTTP_X_AMZ_SOURCE_EXPECTED_BUCKET_OWNER")


def is_anothers(environ: Environ) -> bool:
    """Whether a request expects a bucket, which is there, to be another account's than the one that all are of here."""
    expected = {environ[header].strip() for header in _EXPECTED if header in environ}
    if expected <= {DEFAULT_ACCOUNT_ID}:
        return False
    return objects.bucket_region(bucket_and_key(environ)[0]) is not None
