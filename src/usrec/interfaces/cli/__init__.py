"""The usrec command."""
