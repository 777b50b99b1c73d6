"""Who is one person: customers joined into profiles by the identifiers they share and by decision."""
