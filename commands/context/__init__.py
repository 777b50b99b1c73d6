"""Where and when: the weather that feeds tell, the calendar that users change."""
