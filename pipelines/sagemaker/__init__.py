"""The run as a SageMaker Pipeline: its definition, the functions and jobs of its steps, what is deployed for it."""
