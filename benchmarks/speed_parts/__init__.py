"""The parts of `make bench`, each measured in a process of its own: `measure()` gives figures by name.

`missed(figures)` of a part, where it has one, names the promises that its figures do not keep.
"""
