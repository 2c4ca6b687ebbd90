"""Acceleration: extrapolation of EM's steps. It uses EM only as a map from one mixture to the next.

Near a fixed point each step of EM multiplies the error by a matrix J; EM is slow if an eigenvalue of J is near 1.
Anderson's method (Anderson, 1965, "Iterative procedures for nonlinear integral equations"; for EM: Henderson and
Varadhan, 2019, "Damped Anderson acceleration with restarts and monotonicity control") estimates I - J in the directions
of the last steps, and takes the step that leads to the fixed point in these directions. This module differs from it in
two ways.

In `Coordinates` J is symmetric (it is I minus the observed data's information, as a share of the complete data's), so
that it is estimated as a symmetric matrix.

If EM moves away from a fixed point, a saddle point of the likelihood, I - J has a negative eigenvalue. Its absolute
value is used: the step leads away from the saddle point, by the distance of a step towards it. This separates two
components in the same place.
"""

import numpy as np

from emgmm.parameters import CollapsedComponentError, Coordinates, MixtureParameters

WINDOW = 5  # number of last steps to estimate from; older ones are out of date
ALIKE = 0.1  # singular value, as a share of the largest, below which directions of steps are too similar
SLOW = 0.5  # ratio of a gain to the gain before, above which EM is slow enough to accelerate
MORE, LESS = 10.0, 0.2  # factors on the damping after a rejected and after an accepted step
LEAST_DAMPING = 0.01  # after a rejected step; with damping 1 the steps are about EM's own


class Anderson:
    """Anderson acceleration of one run of EM."""

    def __init__(self):
        self.coordinates, self.points, self.steps = None, [], []
        self.damping, self.is_waiting = 0.0, False  # for the last proposal to be accepted or rejected

    def propose(self, mixture, image, trace) -> MixtureParameters | None:
        """Propose a mixture to continue from, instead of EM's own step from mixture to image; None to take EM's step.

        The trace contains the log-likelihoods so far.
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
        """Return the step to take; the rows of `changes` are I - J times the directions."""
        step = self.steps[-1]
        left, sizes, basis = np.linalg.svd(directions, full_matrices=False)
        kept = sizes > ALIKE * sizes[0]
        basis, changes = basis[kept], (left[:, kept] / sizes[kept]).T @ changes
        learned = changes @ basis.T
        eigenvalues, vectors = np.linalg.eigh(0.5 * (learned + learned.T))
        along = vectors @ (vectors.T @ (basis @ step) / (np.abs(eigenvalues) + self.damping))
        return along @ basis + step - along @ changes

    def reject(self):
        """Reject the last proposal: increase the damping, so that the next ones are nearer to EM's own step."""
        self.damping = min(max(MORE * self.damping, LEAST_DAMPING), 1.0)
        self.is_waiting = False


ACCELERATIONS = {"none": lambda: None, "anderson": Anderson}
