"""CloudWatch: datapoints kept in order, alarms that are evaluated, metrics that services and functions emit."""

__all__ = ["alarms", "datapoints", "embedded_metrics", "service_metrics"]
