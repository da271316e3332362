"""Experiments of the papers, one file each; `apps.reproduce` runs them by name."""
