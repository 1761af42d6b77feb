"""AWS as every room uses it: clients, buckets, parameters, and stacks that are deployed."""
