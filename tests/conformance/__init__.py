"""Cases taken from the behaviour of other engines, run on ours.

`python -m tests.conformance FOLDER` runs any folder of the format that its README
describes: `cases.jsonl` beside `diagrams/`.
"""
