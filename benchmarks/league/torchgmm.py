"""torchgmm's EM in PyTorch Lightning (the package torchgmm).

Its estimator takes initial means only; its model and its training module, which are called here, take all parameters.
Its estimator would also run each pass as two epochs, because it takes a single batch for many; here it is one epoch.
"""

import logging

import numpy as np
import torch
from pytorch_lightning import Trainer
from torchgmm.base.data import DataLoader, collate_tensor, dataset_from_tensors
from torchgmm.bayes.core import cholesky_precision
from torchgmm.bayes.gmm.lightning_module import GaussianMixtureLightningModule
from torchgmm.bayes.gmm.model import GaussianMixtureModel, GaussianMixtureModelConfig

logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
QUIET = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing", "enable_model_summary"), False)


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    model = GaussianMixtureModel(GaussianMixtureModelConfig(*np.shape(means), covariance_type)).double()
    weights, means, covariances = (torch.tensor(np.asarray(array)) for array in (weights, means, covariances))
    model.component_probs.copy_(weights)
    model.means.copy_(means)
    model.precisions_cholesky.copy_(cholesky_precision(covariances, covariance_type))
    limits = {"convergence_tolerance": tol, "covariance_regularization": reg_covar}
    rows = DataLoader(dataset_from_tensors(X), batch_size=len(X), collate_fn=collate_tensor)
    trainer = Trainer(max_epochs=max_iter, precision="64-true", accelerator="cpu", log_every_n_steps=1, **QUIET)
    trainer.fit(GaussianMixtureLightningModule(model, **limits), rows)
    return {
        "weights": model.component_probs.numpy(),
        "means": model.means.numpy(),
        "covariances": model.covariances.numpy(),
    }
