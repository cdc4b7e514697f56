"""One use case per module, named by its verb; the only owner of transactions."""
