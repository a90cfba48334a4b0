"""The demo's world: planned as values from a seed, then planted through the gate.

``plan`` and what it uses is pure; ``planting`` writes it. Nobody in it exists.
"""
