"""Everything that reads what others have written, fed with anything: by hypothesis in the unit tests, by atheris in
`make fuzz`. The inputs in `corpus/` are where both begin.
"""
