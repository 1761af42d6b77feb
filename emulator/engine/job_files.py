"""Names of the files that a training leaves in its folder."""

MODEL = "model.npz"
OUTCOME = "outcome.json"
