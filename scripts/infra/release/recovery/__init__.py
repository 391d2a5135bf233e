"""What an interrupted change did: read from the journal, found in the account, completed in the state."""
