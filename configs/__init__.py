"""Configs: one file per published experiment, each with `get_config()`."""
