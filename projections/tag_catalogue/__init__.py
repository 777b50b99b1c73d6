"""Tags that people defined or changed, with all their versions; those that come with Koi are read beside them."""
