"""Who does what, in a few verbs each. Only a role joins chain, storage, cryptography and kinds."""
