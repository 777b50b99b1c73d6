"""What falls due and when: the waits of journeys and the further attempts at messages."""
