"""The log itself, read as it is: no view, nothing kept, the source of every audit."""
