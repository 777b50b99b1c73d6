"""Rules and values as ibis expressions, all of them in one pass; ibis is used nowhere else."""
