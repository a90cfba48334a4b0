"""A policy file says whose word is enough, and nothing that is not exactly one is taken."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serment.errors import Unusable
from serment.ledger import policy
from serment.ledger.note import COSIGNATURE, Signer
from tests.ledger.making import KEY, OTHER_WITNESS, WITNESS

SIX = [Signer(f"w{n}.example", bytes([n]) * 32, COSIGNATURE).verifier for n in range(6)]
LOG = KEY.verifier.text
W1, W2 = WITNESS.verifier.text, OTHER_WITNESS.verifier.text
# The shape of the example in c2sp.org/tlog-policy.
EXAMPLE = f"""
# two organisations
log {LOG} https://rdv.example.fr/ledger
witness X1 {SIX[0].text}
witness X2 {SIX[1].text}
\twitness  X3\t{SIX[2].text} https://x3.example/\t
group X-witnesses 2 X1 X2 X3

witness Y1 {SIX[3].text}
witness Y2 {SIX[4].text}
witness Y3 {SIX[5].text}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_specifications_example_means_two_of_x_and_one_of_y() -> None:
    read = policy.parse(EXAMPLE.encode())
    assert read.log_keys() == [KEY.verifier]
    assert read.logs[0].url == "https://rdv.example.fr/ledger"
    assert read.witnesses["X3"].url == "https://x3.example/"
    for count in range(7):
        for chosen in combinations(SIX, count):
            x, y = len(set(chosen) & set(SIX[:3])), len(set(chosen) & set(SIX[3:]))
            assert read.is_met_by(set(chosen)) == (x >= 2 and y >= 1)


def test_no_quorum_asks_for_nobody_and_a_single_name_for_that_one() -> None:
    assert policy.parse(b"quorum none\n").is_met_by(set())
    one = policy.parse(f"witness a {W1}\nquorum a".encode())
    assert one.is_met_by({WITNESS.verifier})
    assert not one.is_met_by({OTHER_WITNESS.verifier})


@pytest.mark.parametrize(
    "wrong",
    [
        "", "log\nquorum none\n", f"log {LOG}\n", "quorum a\n", "quorum none\nquorum none\n",
        f"log {LOG}\nlog {LOG}\nquorum none\n", f"log {W1}\nquorum none\n",
        f"witness a {LOG}\nquorum a\n", f"witness a {W1}\nwitness a {W2}\nquorum a\n",
        f"witness a {W1}\nwitness b {W1}\nquorum a\n", f"witness none {W1}\nquorum none\n",
        f"quorum a\nwitness a {W1}\n", f"witness a {W1}\ngroup g 2 a\nquorum g\n",
        f"witness a {W1}\ngroup g 0 a\nquorum g\n", f"witness a {W1}\ngroup g any\nquorum g\n",
        f"witness a {W1}\ngroup g any a a\nquorum g\n", "group g any none\nquorum g\n",
        f"witness a {W1}\ngroup g any a\ngroup h any a\nquorum g\n", "group g any g\nquorum g\n",
        f"witness a {W1}\ngroup g +1 a\nquorum g\n", "quorum none\r\n", "quorum none\x7f\n",
        "QUORUM none\n", "log a+b+c\nquorum none\n", f"witness a {W1} url more\nquorum a\n",
        "#" * 300_000 + "\nquorum none\n",
    ],
)  # fmt: skip
def test_what_is_not_exactly_a_policy_is_refused(wrong: str) -> None:
    with pytest.raises(Unusable):
        policy.parse(wrong.encode())


@given(st.binary(max_size=200))
def test_no_bytes_bring_the_reader_down(data: bytes) -> None:
    for made in (data, EXAMPLE.encode() + data):
        try:
            policy.parse(made)
        except Unusable:
            continue
