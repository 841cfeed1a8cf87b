"""What the tests use: observations, stand-ins, servers on loopback, browsers."""
