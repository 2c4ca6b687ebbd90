"""torchgmm's GaussianMixtureLightningModule (the package torchgmm, with PyTorch Lightning).

Its estimator takes initial means only. Its model and its training module, which are called here, take all parameters.
They are called as by its estimator without a batch size: each step is two epochs, and the precision is "64-true".
Its sums are in PyTorch's default type, which is float64 here and float32 by default.
"""

import logging
import warnings

import torch
from pytorch_lightning import Trainer
from torchgmm.base.data import DataLoader, collate_tensor, dataset_from_tensors
from torchgmm.bayes.core import cholesky_precision
from torchgmm.bayes.gmm.lightning_module import GaussianMixtureLightningModule
from torchgmm.bayes.gmm.model import GaussianMixtureModel, GaussianMixtureModelConfig

logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
QUIET = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing", "enable_model_summary"), False)


def fit(X, weights, means, covariances, *, covariance_type, tol, max_iter, reg_covar):
    """Fit a mixture; docs/implementations.md has the contract."""
    model = GaussianMixtureModel(GaussianMixtureModelConfig(*means.shape, covariance_type)).double()
    model.component_probs.copy_(torch.tensor(weights))
    model.means.copy_(torch.tensor(means))
    model.precisions_cholesky.copy_(cholesky_precision(torch.tensor(covariances), covariance_type))
    limits = {"convergence_tolerance": tol, "covariance_regularization": reg_covar, "is_batch_training": True}
    rows = DataLoader(dataset_from_tensors(torch.tensor(X)), batch_size=len(X), collate_fn=collate_tensor)
    trainer = Trainer(max_epochs=2 * max_iter, precision="64-true", accelerator="cpu", log_every_n_steps=1, **QUIET)
    trainer.fit(GaussianMixtureLightningModule(model, **limits), rows)
    return {
        "weights": model.component_probs.numpy(),
        "means": model.means.numpy(),
        "covariances": model.covariances.numpy(),
        "n_iter": trainer.current_epoch // 2,
    }
