"""What the ASVS asks and no other test shows; the answers lie in ``answers``."""
