"""Relatives: who acts for whom, with what scope, on what proof, until when.

Who acts is known to the keeper alone (``disclosure.acting``). Here stand the sealed words about it:
whom a parent added, how a relation is called, what a desk was shown.
"""
