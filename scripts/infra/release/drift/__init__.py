"""What an account is that no plan shows: changes, strangers, versions and deadlines."""
