"""What is done to a ledger as a whole, under its owner's account: encrypting, pruning, backing up and restoring."""
