"""A fit's parameters beside the numbers that a source printed for them."""

from decimal import Decimal

import numpy as np

from em_study.evaluation.settings import Published
from emgmm import MixtureParameters


def beside_printed(published: list[Published], parameters: MixtureParameters) -> dict[tuple[int, str], tuple]:
    """Look up printed numbers, and whether the fit's agree to every digit, by component and parameter.

    Components are matched by their means.
    """
    if not published:
        return {}
    from scipy.optimize import linear_sum_assignment  # takes its time to import

    distances = [[np.abs(np.subtract(p.mean, mean)).sum() for mean in parameters.means] for p in published]
    deviations = np.sqrt(parameters.variances)
    found = {}
    for p, k in zip(*linear_sum_assignment(distances), strict=True):
        pairs = {"weight": (published[p].weight, parameters.weights[k])}
        pairs |= {f"mean[{d}]": (v, parameters.means[k, d]) for d, v in enumerate(published[p].mean)}
        printed = published[p].standard_deviation or []
        pairs |= {f"standard_deviation[{d}]": (v, deviations[k, d]) for d, v in enumerate(printed)}
        for parameter, (number, value) in pairs.items():
            if number is not None:
                digits = max(0, -Decimal(repr(number)).as_tuple().exponent)
                found[k, parameter] = number, round(float(value), digits) == number
    return found
