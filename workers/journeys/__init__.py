"""When something happens to a customer, or a wait is over: advance the journeys it concerns."""
