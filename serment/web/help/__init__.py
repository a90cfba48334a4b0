"""Help inside the product: one page a topic and language, written once as Markdown.

``topics`` says which pages there are and for whom, ``written`` turns their files into pages,
``doors`` serves them. Nothing of anybody is on them, so everybody may read them all.
"""
