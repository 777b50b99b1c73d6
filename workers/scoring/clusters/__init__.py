"""Clusters: customers who are alike, named by what sets them apart, and the same from run to run."""
