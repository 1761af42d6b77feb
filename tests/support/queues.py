"""Queues of SQS."""

from support.local_services import Service, client


def make_queue(service: Service, name: str, **attributes: str) -> tuple[str, str]:
    """Address and ARN of a new queue."""
    sqs = client(service, "sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
