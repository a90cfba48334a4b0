"""Segment, tree, checkpoint and proofs of the access ledger: no Django."""
