"""The parts of `make bench-validation`: the forgeries, and the page of what became of them."""
