"""The chain: one client for every node, a typed client for each contract, and what people sign."""
