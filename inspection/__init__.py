"""Images of the line: inspected by the champion, judged, kept, traced and told, at the pace of the model's units.

`rules` says what an image is; `records`, `claims` and `pace` are the results table; `functions` run on AWS, `stack` is
what is deployed.
"""

__all__ = [
    "analysing",
    "analyzers",
    "brightness",
    "claims",
    "deployed",
    "deploying",
    "detecting",
    "drift",
    "golden_images",
    "inspection_settings",
    "inspection_status",
    "own_cost",
    "records",
    "results",
    "retrying",
    "rules",
    "signal_words",
    "told_brightness",
    "watch_page",
    "watching",
]
