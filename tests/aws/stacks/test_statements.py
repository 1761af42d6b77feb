from hypothesis import given
from hypothesis import strategies as st

from customlabels.aws.stacks.statements import IN_TEMPLATE, Site, key, key_arn, objects, project

SITE = Site("eu-west-1", "111122223333")


def test_an_arn_is_told_or_filled_in_by_cloudformation() -> None:
    assert project(SITE, "surface") == "arn:aws:rekognition:eu-west-1:111122223333:project/surface/*"
    assert project(IN_TEMPLATE, "surface") == {
        "Fn::Sub": "arn:${AWS::Partition}:rekognition:${AWS::Region}:${AWS::AccountId}:project/surface/*"
    }
    assert objects(SITE, "plant-7", "/runs/") == "arn:aws:s3:::plant-7/runs/*"
    assert objects(SITE, "plant-7", "") == "arn:aws:s3:::plant-7/*"


@given(st.text())
def test_text_of_the_settings_is_no_reference_of_the_template(prefix: str) -> None:
    arn = objects(IN_TEMPLATE, "plant-7", f"{prefix}${{AWS::AccountId}}")
    assert isinstance(arn, dict)
    assert "${AWS::AccountId}" not in arn["Fn::Sub"]


def test_a_key_takes_what_it_is_used_for_and_nothing_where_there_is_none() -> None:
    assert key(SITE, None, trains=True) == []
    assert [key(SITE, "k", **uses)[0]["Action"] for uses in ({}, {"writes": True}, {"trains": True})] == [
        ["kms:Decrypt"],
        ["kms:Decrypt", "kms:GenerateDataKey"],
        ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
    ]


def test_an_alias_names_no_key() -> None:
    stem = "arn:aws:kms:eu-west-1:111122223333:key"
    assert key_arn(SITE, "alias/models") == key_arn(SITE, "arn:aws:kms:eu-west-1:1:alias/models") == f"{stem}/*"
    assert key_arn(SITE, "1234-5678") == f"{stem}/1234-5678"
    assert key_arn(SITE, f"{stem}/1234") == f"{stem}/1234"
