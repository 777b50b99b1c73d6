"""The segments a person is in, live: as the segmenting worker keeps them, which tells every change at its instant."""
