"""Acceleration: EM's steps, extrapolated. It knows EM as a map from one mixture to the next, and nothing else of it.

Near a fixed point EM's error shrinks by a matrix J from step to step, slowly where an eigenvalue of J is near 1.
Anderson's method (Anderson, 1965, "Iterative procedures for nonlinear integral equations"; for EM: Henderson and
Varadhan, 2019, "Damped Anderson acceleration with restarts and monotonicity control") learns I - J in the directions of
the last steps, and takes there the step that leads to the fixed point at once. Two things are ours.

In `Coordinates` J is symmetric (it is I less the observed data's information, as a share of the complete data's), and
so it is learned as a symmetric matrix.

Where EM moves away from a fixed point, a saddle of the likelihood, I - J has a negative eigenvalue. It counts by its
size: the step leads away, as far as it would lead there. Where two components sit on one spot, that is the way out.
"""

import numpy as np

from emgmm.coordinates import Coordinates
from emgmm.parameters import CollapsedComponentError, MixtureParameters

WINDOW = 5  # steps to learn from; more are stale, fewer know less
ALIKE = 0.1  # singular value, as a share of the largest, below which the directions of steps do not differ enough
SLOW = 0.5  # gain of a step over the one before, from which on EM is slow enough to accelerate
MORE, LESS = 10.0, 0.2  # factors on the damping after a step that went too far, and after one that did not
LEAST_DAMPING = 0.01  # after a step that went too far; at 1 the steps are about EM's own


class Anderson:
    """Where to go from the mixtures that EM has come to. One serves one run of EM."""

    def __init__(self):
        self.coordinates, self.points, self.steps = None, [], []
        self.damping, self.is_waiting = 0.0, False  # waiting to hear whether the last proposal was good

    def propose(self, mixture, image, trace) -> MixtureParameters | None:
        """Propose what to go on from in place of EM's own step, from mixture to image; None if nothing is better.

        The trace holds the log-likelihoods so far.
        """
        self.damping *= LESS if self.is_waiting else 1.0
        self.is_waiting = False
        if self.coordinates is None:
            gains = np.diff(trace[-3:])
            if len(gains) < 2 or not gains[1] > SLOW * gains[0] > 0:
                return None
            self.coordinates = Coordinates(mixture)
        point = self.coordinates.of(mixture)
        self.points = [*self.points[-WINDOW:], point]
        self.steps = [*self.steps[-WINDOW:], self.coordinates.of(image) - point]
        directions = np.diff(self.points, axis=0)
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        if not len(lengths) or not lengths.all():
            return None
        try:
            further = self._extrapolated(directions / lengths, -np.diff(self.steps, axis=0) / lengths)
            proposal = self.coordinates.mixture(point + further)
        except (CollapsedComponentError, np.linalg.LinAlgError):
            self.reject()
            return None
        self.is_waiting = True
        return proposal

    def _extrapolated(self, directions, changes):
        """Step to take: `changes` are I - J times the directions, one a row."""
        step = self.steps[-1]
        left, sizes, basis = np.linalg.svd(directions, full_matrices=False)
        kept = sizes > ALIKE * sizes[0]
        basis, changes = basis[kept], (left[:, kept] / sizes[kept]).T @ changes
        learned = changes @ basis.T
        eigenvalues, vectors = np.linalg.eigh(0.5 * (learned + learned.T))
        along = vectors @ (vectors.T @ (basis @ step) / (np.abs(eigenvalues) + self.damping))
        return along @ basis + step - along @ changes

    def reject(self):
        """Hear that the last proposal went too far: the next ones are nearer to EM's own step."""
        self.damping = min(max(MORE * self.damping, LEAST_DAMPING), 1.0)
        self.is_waiting = False


ACCELERATIONS = {"none": lambda: None, "anderson": Anderson}
