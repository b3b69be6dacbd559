"""Programs that open what strangers send: each runs alone, in a caged process without Django.

`python -m files.decode.<photo|heic|pdf> SOURCE FULL [THUMB]` writes the copies to serve and prints one JSON object:
the facts of the file, or `{"refused": "<code>"}` with a key of `files.refusals.SENTENCES`.
"""
