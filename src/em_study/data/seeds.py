"""Random generators from named keys, so that random numbers depend only on their own keys."""

import hashlib

import numpy as np


def generator(seed: int, *keys: str | int) -> np.random.Generator:
    """Make the generator that belongs to some keys under a root seed.

    Parameters
    ----------
    seed : int
        The study's root seed.
    *keys : str or int
        The purpose of the random numbers, for example "customers", "start", "unsupervised", 7.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng(seed_sequence(seed, repr(keys)))


def seed_sequence(seed: int, text: str) -> np.random.SeedSequence:
    """Make the seed sequence that belongs to a text under a root seed."""
    words = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype="<u4")
    return np.random.SeedSequence(seed, spawn_key=tuple(map(int, words)))
