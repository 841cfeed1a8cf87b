"""A real recording to try settings on, and the play that it was made from."""
