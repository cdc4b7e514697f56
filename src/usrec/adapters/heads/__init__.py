"""The journal's heads: the file outside the ledger, their timestamps, and the check of what was signed."""
