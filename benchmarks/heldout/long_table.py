import numpy as np
import pandas as pd


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    if covariance_type != "diag":
        raise NotImplementedError("the table has a column a feature: diagonal covariances")
    data = pd.DataFrame(X).rename_axis(index="sample")
    weight, mean, variance = pd.Series(weights), pd.DataFrame(means), pd.DataFrame(covariances)
    trace = []
    for _ in range(max_iter):
        table = pd.concat({k: (data - mean.loc[k]) ** 2 for k in weight.index}, names=["component"])
        k = table.index.get_level_values("component")
        exponent = (table / variance.loc[k].to_numpy() + np.log(2 * np.pi * variance.loc[k].to_numpy())).sum(axis=1)
        joint = np.log(weight.loc[k].to_numpy()) - exponent / 2
        by_sample = joint.groupby(level="sample")
        top = by_sample.transform("max")
        total = np.log(np.exp(joint - top).groupby(level="sample").transform("sum")) + top
        share = np.exp(joint - total)
        trace.append(total.mean())
        mass = share.groupby(level="component").sum()
        weight = mass / mass.sum()
        again = pd.concat({k: data for k in weight.index}, names=["component"])
        mean = again.mul(share, axis=0).groupby(level="component").sum().div(mass, axis=0)
        gaps = again - mean.loc[k].to_numpy()
        variance = (gaps**2).mul(share, axis=0).groupby(level="component").sum().div(mass, axis=0) + reg_covar
        if len(trace) > 1 and abs(trace[-1] - trace[-2]) < tol:
            break
    out = {"weights": weight, "means": mean, "covariances": variance}
    return {name: value.to_numpy() for name, value in out.items()} | {"trace": trace}
