"""Stacks: names, statements of policies, code packed by what it imports, and deployment, the same for every stack."""
