"""Who stands in which list since when: what rules that name a static segment ask for. It keeps nothing of its own."""
