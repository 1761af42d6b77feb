"""People's answers: who is asked about which image, what they agree on, what that says of production and of labels.

`pick` chooses, `answers` is the one type that every tool's output becomes, `agreement` makes one truth of several
answers, `estimates` says how good a version is in production, `applying` makes training images of them, `suspects`
finds labels that are probably wrong, `page` asks.
"""

__all__ = [
    "agreement",
    "answers",
    "applied_folder",
    "detected",
    "images",
    "inspected",
    "label_studio",
    "mistakes",
    "pick",
    "picking",
    "review_policy",
    "sending",
    "status",
    "suspects",
    "tasks",
]
