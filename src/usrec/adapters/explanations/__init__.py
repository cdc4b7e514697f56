"""What USREC's response codes mean, in three languages."""
