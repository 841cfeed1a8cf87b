"""How good the verdicts are: scored against Burrow and against the truth, on traces whose truth is known."""
