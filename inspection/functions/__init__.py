"""The Lambda function that looks at images; its zip holds what `handlers` imports, and nothing else."""

__all__ = [
    "arrivals",
    "concluding",
    "gathering",
    "listed",
    "measuring",
]
