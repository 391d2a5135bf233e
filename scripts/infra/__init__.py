"""Tooling of the Hokusai model registry's infrastructure: the package behind the Makefile."""
