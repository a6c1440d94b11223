"""A custodian: holds a share of the committee key, keeps epochs openable, delivers approved sales."""

from .role import NODES_PER_CALL, Custodian, Delivered

__all__ = ["NODES_PER_CALL", "Custodian", "Delivered"]
