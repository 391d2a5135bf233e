"""The ledger: what was done to an environment, by whom, with what outcome; entries are added and never changed."""
