"""contractRequest documents, made by lxml from a replaceable mapping."""
