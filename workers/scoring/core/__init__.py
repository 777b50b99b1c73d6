"""The eight core segments: rules give the first labels, clusters refine them, a classifier assigns and explains."""
