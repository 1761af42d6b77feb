"""Size of the Lambda functions' zip, and their imports beside those of boto3: python benchmarks/functions.py"""

import io
import os
import tempfile
import zipfile

from rows import Row, note
from timing import compare, python

from customlabels.scheduler.stack.schedule_code import function_zip

ROUNDS = 9
_PATH = "import sys; sys.path.insert(0, sys.argv[1]); from customlabels.scheduler.functions"
_HANDLER = f"{_PATH}.handlers import "
_CALLED = f"{_PATH} import handlers; handlers._clients()"
_CLIENTS = "import boto3; [boto3.client(name) for name in ('rekognition', 'ssm', 'cloudwatch', 'sns')]"


def main() -> None:
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    body = function_zip("Europe/Berlin")
    note(Row("zip of the schedule's functions", figure=f"{len(body) / 1000:.1f} KB"))
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(io.BytesIO(body)).extractall(folder)
        for handler in ("start", "stop", "sweep"):
            beside = {"import boto3": python("import boto3")}
            compare(f"function {handler} imported", python(f"{_HANDLER}{handler}", folder), beside, ROUNDS)
        beside = {"boto3 and the same clients": python(_CLIENTS)}
        compare("functions and their clients, as in the first call", python(_CALLED, folder), beside, ROUNDS)


if __name__ == "__main__":
    main()
