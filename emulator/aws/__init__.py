"""What deployments need beside Custom Labels: moto's services, made to run functions, fire schedules and last."""
