"""A fit's parameters compared with the numbers that a source printed for them."""

import numpy as np

from em_study.evaluation.settings import Published
from em_study.settings import half_digit
from emgmm import MixtureParameters


def compared_with_printed(published: list[Published], parameters: MixtureParameters) -> dict[tuple[int, str], tuple]:
    """Give each printed number, by component and parameter, and whether the fit's agrees to every printed digit.

    Components are matched by their means.
    """
    if not published:
        return {}
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    means = [np.array(component.mean, dtype=float) for component in published]
    distances = [[np.abs(mean - found).sum() for found in parameters.means] for mean in means]
    deviations = np.sqrt(parameters.variances)
    found = {}
    for p, k in zip(*linear_sum_assignment(distances), strict=True):
        pairs = {"weight": (published[p].weight, parameters.weights[k])}
        pairs |= {f"mean[{d}]": (v, parameters.means[k, d]) for d, v in enumerate(published[p].mean)}
        printed = published[p].standard_deviation or []
        pairs |= {f"standard_deviation[{d}]": (v, deviations[k, d]) for d, v in enumerate(printed)}
        for parameter, (number, value) in pairs.items():
            if number is not None:
                found[k, parameter] = float(number), bool(abs(value - float(number)) <= half_digit(number))
    return found
