"""What the service answers instead of a result."""


class Refusal(Exception):
    """An error of the service, with its code as a client sees it.

    Source: Amazon Rekognition API reference, "Common errors"; every fault of the caller is HTTP 400.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid_parameter(message: str) -> Refusal:
    return Refusal("InvalidParameterException", message)


def not_found(message: str) -> Refusal:
    return Refusal("ResourceNotFoundException", message)


def in_use(message: str) -> Refusal:
    return Refusal("ResourceInUseException", message)


def not_ready(message: str) -> Refusal:
    return Refusal("ResourceNotReadyException", message)


def limit_exceeded(message: str) -> Refusal:
    return Refusal("LimitExceededException", message)


def invalid_s3_object(message: str) -> Refusal:
    return Refusal("InvalidS3ObjectException", message)


def not_offered(operation: str, *, known: bool) -> Refusal:
    """For an operation that is Rekognition's but not this service's, or nobody's."""
    if known:
        return Refusal("UnknownOperationException", f"{operation} is not offered by the local service.")
    return Refusal("UnknownOperationException", f"{operation or 'The operation'} is no operation of Rekognition.")
