"""A forest of regression trees as plain arrays, grown by scikit-learn and evaluated by numpy."""

import numpy as np
from numpy.typing import NDArray

TREES = 40
_LEAST_LEAF = 4
_MOST_DEPTH = 30

Rows = NDArray[np.float32]
Forest = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]
"""Of each node the feature that it looks at (-1 in a leaf), its threshold, its two children (nodes, 2) and its values
(nodes, outputs); and the trees' first nodes."""


def grow(rows: Rows, targets: Rows, seed: int, trees: int = TREES) -> Forest:
    """A forest of so many `trees` from `rows` (boxes, length) to `targets` (boxes, outputs)."""
    from sklearn.ensemble import ExtraTreesRegressor

    grown = ExtraTreesRegressor(
        trees, min_samples_leaf=_LEAST_LEAF, max_features=0.2, max_depth=_MOST_DEPTH, random_state=seed, n_jobs=1
    ).fit(rows, targets)
    all_grown = [estimator.tree_ for estimator in grown.estimators_]
    firsts = np.cumsum([0, *(tree.node_count for tree in all_grown[:-1])])
    features = np.concatenate([np.where(tree.children_left < 0, -1, tree.feature) for tree in all_grown])
    children = np.concatenate(
        [
            np.stack([tree.children_left, tree.children_right], axis=1) + first
            for tree, first in zip(all_grown, firsts, strict=True)
        ]
    )
    values = np.concatenate([tree.value[:, :, 0] for tree in all_grown])
    thresholds = np.concatenate([tree.threshold for tree in all_grown])
    return (
        features.astype(np.int32),
        thresholds.astype(np.float32),
        np.where(features[:, None] < 0, 0, children).astype(np.int32),
        values.astype(np.float32),
        firsts.astype(np.int32),
    )


def asked(forest: Forest, rows: Rows) -> NDArray[np.float64]:
    """What the forest says of each row, (boxes, outputs)."""
    features, thresholds, children, values, firsts = forest
    # All trees at once: a step of one alone takes longer to call for than to do. Tables are read as flat ones, at less.
    starts = np.repeat(np.arange(len(rows)) * rows.shape[1], len(firsts))
    nodes = np.tile(firsts.astype(np.intp), len(rows))
    figures, both = rows.ravel(), children.ravel()
    open_ = np.arange(len(nodes))
    while len(open_):
        at = nodes[open_]
        feature = features[at]
        inner = np.flatnonzero(feature >= 0)
        open_, at, feature = open_[inner], at[inner], feature[inner]
        above = figures[starts[open_] + feature] > thresholds[at]
        nodes[open_] = both[2 * at + above]
    answers: NDArray[np.float64] = values[nodes].reshape(len(rows), len(firsts), -1).mean(axis=1, dtype=np.float64)
    return answers
