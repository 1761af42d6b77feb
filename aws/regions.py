"""Where Custom Labels is. Pure.

Source: AWS General Reference, "Amazon Rekognition endpoints and quotas"; other regions have Rekognition without it.
"""

REGIONS = (
    *("us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-west-1", "eu-west-2"),
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
)
