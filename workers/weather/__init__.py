"""Weather from declared feeds: files in a folder, or an address that is asked."""
