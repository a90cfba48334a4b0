"""``serment doctor``: what keeps this machine from running Serment well, each with its mend."""
