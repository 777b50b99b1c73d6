"""What platforms call us with: verified, opened, and read into Koi's words."""
