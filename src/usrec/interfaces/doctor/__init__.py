"""``usrec doctor``: what is right with an installation, what is not, and what to do about it. It changes nothing."""
