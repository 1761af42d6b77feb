"""The local service: moto's server, Custom Labels beside it, and engines that train on the images for real."""

__all__ = ["testing"]
