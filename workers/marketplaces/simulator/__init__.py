"""The four platforms on loopback, with their real signature rules: for the tests, and for who has no shop yet."""
