import pytest

from customlabels.aws.clients import caller_name


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::111122223333:user/ci", "ci"),
        ("arn:aws:iam::111122223333:user/plants/north/ci", "ci"),
        ("arn:aws:sts::111122223333:assumed-role/Admin/me@example.com", "me@example.com"),
        ("arn:aws-cn:iam::111122223333:root", "the account"),
        ("", ""),
        ("N/A", ""),
    ],
)
def test_a_caller_is_called_by_the_last_part_of_its_arn(arn: str, name: str) -> None:
    assert caller_name(arn) == name
