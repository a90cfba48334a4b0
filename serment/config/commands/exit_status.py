"""How every command's help ends: an example, and what each exit status means.

0 done, 1 a negative finding, 2 unusable input or setting; a command says in its own words what
that is for it.
"""

from __future__ import annotations

MARK = "Exit status:"
EVERY = f"{MARK} 0 done; 1 not done, or a negative finding; 2 unusable input or setting."
# Click rewraps an epilog's paragraphs, but leaves one that begins with this sign as it is.
_AS_IT_IS = "\b\n"


def epilog(example: str, *, done: str, negative: str, unusable: str) -> str:
    """The end of a command's help."""
    lines = (MARK, f"  0  {done}", f"  1  {negative}", f"  2  {unusable}")
    return f"{_AS_IT_IS}Example: {example}\n\n{_AS_IT_IS}" + "\n".join(lines)
