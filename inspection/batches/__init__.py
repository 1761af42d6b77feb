"""Batches: lists of images of any length, looked at by a state machine of the inspection's stack."""
