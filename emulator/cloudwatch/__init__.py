"""CloudWatch: datapoints kept in order, alarms that are evaluated, metrics that services and functions emit."""
