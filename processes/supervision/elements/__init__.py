"""What the elements of the diagrams call: thin handlers over the records.

One file for each part of a procedure; README.md lists what each handler reads.
"""
