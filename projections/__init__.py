"""What is shown: one folder per view, named by the view."""
