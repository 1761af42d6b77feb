import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.addresses import S3Address, is_address, join_key, parse_address


@given(st.from_regex(r"[a-z0-9.\-]{3,63}", fullmatch=True), st.text(min_size=1, max_size=200))
def test_what_is_printed_is_read_back(bucket: str, key: str) -> None:
    address = S3Address(bucket, key)
    assert is_address(str(address))
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "s3://", "s3://bucket", "s3://bucket/", "https://bucket/key", "s3://a/key", "S3://bucket/key"]
)
def test_other_forms_are_refused(text: str) -> None:
    assert not is_address(text)
    with pytest.raises(ValueError, match="not of the form"):
        parse_address(text)


def test_keys_are_joined_without_doubled_slashes() -> None:
    assert join_key("a/", "", "/b", "c d.jpg") == "a/b/c d.jpg"
