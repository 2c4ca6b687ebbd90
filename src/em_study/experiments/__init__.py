"""An experiment: data, fits and what they are compared with, and what must hold between them."""
