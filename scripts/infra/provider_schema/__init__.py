"""The schema of AWS provider 6.x, as far as this repository uses it, and whether the code keeps to it.

Plans and tests run with the locked 5.x provider; the modules promise to work with 6.x too. HashiCorp publishes no
schema as a file, but the package cdktn-provider-aws on PyPI is generated from it: every attribute stands there with
"computed, optional, required", every block with its class. What the package leaves out are deprecations: those of the
locked provider are read from that provider itself, those of 6.x stand in `deprecations.py` with their source.
"""
