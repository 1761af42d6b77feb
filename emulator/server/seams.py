"""Every attribute of moto that the local service replaces or wraps, as it was in the version it was checked on.

A seam is named module:attribute; what follows is a digest of the source that was read when the replacement was written.
Nothing of moto is replaced that is not listed here, and a test says which entries moto has changed since: those
replacements are to be read again beside moto's new code, and the digest brought up to date with
python -m customlabels.emulator.server.seams.
"""

import hashlib
import importlib
import inspect
import sys
from functools import reduce
from types import ModuleType
from typing import Any

CHECKED_ON = "5.2.5"

SEAMS: dict[str, str] = {
    "moto.backends:list_of_moto_modules": "4f741a10b065",
    "moto.core.base_backend:AccountSpecificBackend.__getitem__": "b10167294fc0",
    "moto.core.common_models:BaseModel.__new__": "08cf0ef20e88",
    "moto.core.utils:datetime": "data",
    "moto.moto_api._internal:mock_random": "data",
    "moto.awslambda.models:LambdaBackend.create_event_source_mapping": "19f8125cabf7",
    "moto.awslambda.models:LambdaBackend.update_event_source_mapping": "7ec08b40f6d0",
    "moto.cloudformation.models:yaml": "data",
    "moto.cloudformation.models:Stack.create_resources": "a5f30450448a",
    "moto.cloudformation.models:Stack.update": "fd488c7f43d4",
    "moto.cloudformation.models:Stack.stack_resources": "48081724e7f6",
    "moto.cloudformation.models:ChangeSet.diff": "6970930ee841",
    "moto.cloudformation.models:CloudFormationBackend.execute_change_set": "1090cb5b81ab",
    "moto.cloudformation.models:CloudFormationBackend.delete_change_set": "9821ad111e7f",
    "moto.cloudformation.models:CloudFormationBackend.create_change_set": "4668670ac84b",
    "moto.cloudformation.parsing:parse_and_create_resource": "ea3c10d68d2c",
    "moto.cloudformation.parsing:parse_and_update_resource": "2ef032cfb9ed",
    "moto.cloudformation.parsing:ResourceMap.update": "e34b0c357f3c",
    "moto.cloudformation.parsing:ResourceMap.delete": "4faca03385e5",
    "moto.cloudformation.parsing:ResourceMap.build_resource_diff": "d42fee2851cf",
    "moto.cloudformation.responses:get_stack_from_s3_url": "cbefd272145a",
    "moto.cloudformation.responses:yaml": "data",
    "moto.cloudwatch.models:Alarm.update_state": "9308fec8c5cd",
    "moto.cloudwatch.models:CloudWatchBackend.put_metric_alarm": "aff786ddccbc",
    "moto.cloudwatch.models:CloudWatchBackend.put_metric_data": "300dda002442",
    "moto.cloudwatch.models:CloudWatchBackend.get_metric_statistics": "844bf661c8f9",
    "moto.cloudwatch.models:CloudWatchBackend.get_metric_data": "ea8fffafcc06",
    "moto.cloudwatch.models:CloudWatchBackend.get_filtered_metrics": "63270f556ea9",
    "moto.dynamodb.models.table:Table.query": "002b4d00be6d",
    "moto.events.models:Rule.send_to_targets": "472e002e2dab",
    "moto.s3.models:FakeBucket.keys": "8965d4badfee",
    "moto.s3.models:FakeKey.value": "5e9a53c3d82c",
    "moto.s3.models:FakeKey.dispose": "3e18a93bddaa",
    "moto.s3.models:FakeKey.__del__": "5e2666415ddb",
    "moto.s3.models:FakeKey.__getstate__": "9e38b58ef9ad",
    "moto.s3.models:FakeKey.__setstate__": "5ce39b3d465a",
    "moto.s3.models:S3Backend.tagger": "ec6a3c5400f9",
    "moto.s3.models:S3Backend.list_objects": "9409ba5af314",
    "moto.s3.models:S3Backend.list_objects_v2": "f5600333ebab",
    "moto.s3.models:S3Backend.list_object_versions": "268a5f62e83a",
    "moto.s3.models:events_send_notification": "1dde95f720f4",
    "moto.s3.models:S3Backend.put_object": "db803f2da9d7",
    "moto.s3.models:S3Backend._set_delete_marker": "f95d9e59e39f",
    "moto.s3.models:S3Backend.delete_object": "5c1677b52971",
    "moto.s3.responses:S3Response._notification_config_from_body": "80faf78dfed2",
    "moto.s3.responses:S3Response.get_bucket_notification": "82884034c165",
    "moto.s3.notifications:_get_s3_event": "e3f2ed740c7b",
    "moto.s3.notifications:_invoke_awslambda": "3e321d949008",
    "moto.s3.notifications:_send_sqs_message": "559cfa2fd30b",
    "moto.s3.notifications:_send_sns_message": "a3369e51e567",
    "moto.s3.notifications:_send_event_bridge_message": "971cee49c687",
    "moto.sagemaker.models:random": "data",
    "moto.sagemaker.models:SageMakerModelBackend.create_model_package": "4ea72cf36a04",
    "moto.sagemaker.models:SageMakerModelBackend.update_model_package": "97b9da5816c6",
    "moto.sns.models:Subscription.publish": "fd07bd0bb87f",
    "moto.sqs.models:Queue.lambda_event_source_mappings": "0a4781ed5a21",
    "moto.sqs.models:Queue._messages": "0a4781ed5a21",
    "moto.sqs.models:Queue.messages": "03a531dbcbcf",
    "moto.sqs.models:Queue.approximate_number_of_messages": "d357a9506a56",
    "moto.sqs.models:Queue.approximate_number_of_messages_not_visible": "5dbecc4dda17",
    "moto.sqs.models:Queue.approximate_number_of_messages_delayed": "c3c1dadb0c42",
    "moto.sqs.models:Queue.add_message": "f27c9231c1f2",
    "moto.sqs.models:Queue.delete_message": "fa6fd5b9bd2c",
    "moto.sqs.models:Queue._set_attributes": "4b7aaf3f4636",
    "moto.sqs.models:Queue.BASE_ATTRIBUTES": "data",
    "moto.sqs.models:Queue.redrive_allow_policy": "gone",
    "moto.sqs.models:SQSBackend.receive_message": "065f3e5e7d21",
    "moto.sqs.models:SQSBackend.change_message_visibility": "f0e9df5f6662",
    "moto.sqs.responses:SQSResponse.receive_message": "0027050ecd12",
    "moto.sqs.responses:SQSResponse.start_message_move_task": "gone",
    "moto.sqs.responses:SQSResponse.list_message_move_tasks": "gone",
    "moto.sqs.responses:SQSResponse.cancel_message_move_task": "gone",
    "moto.ssm.models:Parameter.describe_response_object": "49a4fa79522a",
}
"""Digests by seam."""


def replace(seam: str, value: Any) -> Any:
    """Puts `value` in the place of one of moto's attributes; what was there.

    Raises
    ------
    KeyError : the list does not name it
    """
    if seam not in SEAMS:
        raise KeyError(f"{seam} is not among the seams with moto")
    owner, name = _owner(seam)
    original = inspect.getattr_static(owner, name, None)
    setattr(owner, name, value)
    return original.__func__ if isinstance(original, staticmethod | classmethod) else original


def changed() -> dict[str, str]:
    """The seams that are not as they were, with what they come to now; empty where nothing of moto was replaced yet."""
    return {seam: now for seam, digest in SEAMS.items() if (now := digest_of(seam)) != digest}


def digest_of(seam: str) -> str:
    """What a seam's source comes to, for what an object has that of its class's constructor; "data" where there is
    none, "gone" where moto has no such attribute."""
    try:
        owner, name = _owner(seam)
        held = inspect.getattr_static(owner, name, None)
        if held is None and f"self.{name}" in inspect.getsource(owner.__init__):
            held = owner.__init__
    except (AttributeError, ImportError, TypeError):
        return "gone"
    if held is None:
        return "gone"
    if isinstance(held, property):
        held = held.fget
    try:
        if isinstance(held, ModuleType):
            return "data"
        source = inspect.getsource(held.__func__ if isinstance(held, staticmethod | classmethod) else held)
    except TypeError:
        return "data"
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _owner(seam: str) -> tuple[Any, str]:
    module, _, path = seam.partition(":")
    *parents, name = path.split(".")
    return reduce(getattr, parents, importlib.import_module(module)), name


if __name__ == "__main__":
    for seam, digest in changed().items():
        sys.stdout.write(f'    "{seam}": "{digest}",\n')
